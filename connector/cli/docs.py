"""`docs`: the documentation of the installed version, where a user has the package and not the repository."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.call import Call, shared
from connector.errors import UsageError
from connector.model.meant import near

SETTINGS = "settings"
ORDER = ("tutorial", "how-to", "reference", "walk", "why")
"""Of two pages of one name the first of these is meant; the other has its folder in its name."""


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("docs", rich_help_panel="Start")(shared(docs))


def docs(
    call: Call,
    *,
    page: Annotated[str | None, typer.Argument(help="A page, by its name; else the list of them.")] = None,
) -> int:
    """Print a page of the documentation, or the list of pages and where they lie."""
    pages = _pages()
    if page is None:
        titles = {name: _title(path) for name, path in pages.items()}
        if call.json:
            call.document([{"page": name, "title": titles[name], "file": str(pages[name])} for name in pages])
        else:
            for name, title in titles.items():
                typer.echo(f"  {name:20} {title}")
            typer.echo(f"they lie in {pages['tutorial'].parent}")
        return 0
    if page not in pages:
        raise UsageError(f"there is no page {page!r}", hint=near(page, pages) or "`tiersync docs` lists them")
    text = pages[page].read_text(encoding="utf-8")
    if call.json:
        call.document({"page": page, "text": text})
    else:
        typer.echo(text, nl=False)
    return 0


def _pages() -> dict[str, Path]:
    """Return every page by its name, in the order a user meets them."""
    from connector.wiring import shipped

    folder = shipped("docs")
    found = {SETTINGS: shipped("settings.example.toml")}
    for start in ORDER:
        for path in [folder / f"{start}.md", *sorted((folder / start).glob("*.md"))]:
            if path.is_file():
                found[path.stem if path.stem not in found else f"{start}/{path.stem}"] = path
    return found


def _title(page: Path) -> str:
    with page.open(encoding="utf-8") as lines:
        return next(lines).lstrip("# ").strip()
