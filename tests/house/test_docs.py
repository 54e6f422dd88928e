"""What the pages say of commands, settings, codes, parameters and files is what the product has."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import typer
import yaml

from connector.cli.app import build
from connector.model.runs import RunOutcome
from connector.model.texts import catalogue
from connector.planning.guards import Limits
from connector.rules.loading import load
from connector.rules.syntax.shapes import SHAPES
from connector.settings.load import all_keys
from connector.worker.metrics import Facts, Metrics
from tests.support import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
READ = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
TEXT = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in READ}
TEXT |= {"settings.example.toml": (ROOT / "settings.example.toml").read_text(encoding="utf-8")}
SHARED = {"--settings", "--as-of", "--set", "--json", "--verbose", "--help"}
PATH = re.compile(r"`([\w.-]+(?:/[\w.<>-]+)+)/?`")
TOML = re.compile(r"^ *```toml[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?<!dbname )\btiersync((?: (?!and\b|or\b)[a-z]+)+)([^`\n#;|&]*)")


def commands() -> dict[str, set[str]]:
    """The options of every command, by its words."""

    def below(words: str, command: Any) -> Iterator[tuple[str, set[str]]]:
        yield words, {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
        for name, child in getattr(command, "commands", {}).items():
            yield from below(f"{words} {name}".strip(), child)

    return dict(below("", typer.main.get_command(build())))


def shown(page: str) -> Iterator[str]:
    """The code of a page: blocks and what stands between backticks."""
    yield from re.findall(r"^ *```\w*[^\n]*\n(.*?)^ *```", TEXT[page], re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", TEXT[page])


def keys(table: dict[str, Any], above: str = "") -> Iterator[str]:
    """The dotted keys of a TOML document; a table beside the CRM is NAME."""
    for name, value in table.items():
        key = f"{above}{'NAME' if above == 'tables.' else name}"
        yield from keys(value, f"{key}.") if isinstance(value, dict) else [key]


@pytest.mark.parametrize("page", sorted(pages.PAGES))
def test_a_page_that_is_made_is_what_the_product_says(page: str) -> None:
    told = (pages.REFERENCE / f"{page}.md").read_text(encoding="utf-8")
    assert told == pages.page(page), "run `make pages`"


def test_every_command_and_option_that_is_shown_exists() -> None:
    known, wrong, seen = commands(), [], 0
    for page in TEXT:
        for words, rest in (found for code in shown(page) for found in COMMAND.findall(code)):
            name = next((n for n in (" ".join(words.split()[:2]), words.split()[0]) if n in known), None)
            unknown = set(re.findall(r"--[a-z-]+", rest)) - SHARED - known.get(name or "", set())
            seen += 1
            wrong += [f"{page}: tiersync{words}{rest}"] if name is None or unknown else []
    assert seen > 100
    assert wrong == []


def test_the_reference_tells_every_command_with_the_options_of_its_own() -> None:
    lines = TEXT["docs/reference/commands.md"].splitlines()
    for name, options in commands().items():
        if name in {"", "rules", "sandbox"}:
            continue  # what does nothing itself, and what has a page of its own
        told = " ".join(line for line in lines if f"`tiersync {name}" in line)
        assert told, name
        assert [option for option in options - SHARED if option not in told] == [], name


def test_every_setting_that_is_named_exists() -> None:
    known = {"crm.admin", *all_keys()}
    spans = re.compile(r"\[([a-z.]+)\] ([a-z_]+)\b")
    named = [(page, ".".join(found.groups())) for page in TEXT for code in shown(page) if (found := spans.match(code))]
    blocks = [(page, block) for page in TEXT for block in re.findall(TOML, TEXT[page])]
    named += [(page, key) for page, block in blocks for key in keys(tomllib.loads(dedent(block)))]
    assert len(named) > 40
    below = tuple(f"{key}." for key in known)
    assert [(page, key) for page, key in named if key not in known and not key.startswith(below)] == []


def test_every_parameter_that_is_named_is_one_of_the_shipped_rules() -> None:
    known = set(load(ROOT / "rules", {}).parameters)
    families = {name.partition(".")[0] for name in known} - {"account", "rules"}
    named = {
        (page, name)
        for page in TEXT
        for name in re.findall(r"(?<![\w.$/])([a-z_]+(?:\.[a-z_0-9]+)+)", " ".join(shown(page)))
        if name.partition(".")[0] in families and not re.search(r"\.(md|yaml|csv|py)$", name)
    }
    assert len(named) > 8
    assert sorted((page, name) for page, name in named if not any(each.startswith(name) for each in known)) == []


def test_every_code_that_is_named_is_said_somewhere() -> None:
    sources = [
        *(ROOT / "connector").rglob("*.py"),
        *(ROOT / "connector").rglob("*.toml"),
        *(ROOT / "rules").glob("*.yaml"),
    ]
    source = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    named = {(page, code) for page in TEXT for code in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", TEXT[page])}
    assert len(named) > 20
    assert sorted((page, code) for page, code in named if code not in source) == []


def test_the_table_of_guards_has_each_with_its_default() -> None:
    told = TEXT["docs/reference/safe-writes.md"]
    rows = [line for line in told.splitlines() if re.match(r"\| `[A-Z_]+` \|", line)]
    codes = {line.split("`")[1] for line in rows}
    assert codes == {key for key in catalogue("connector.planning") if key.isupper()}
    defaults = dict(re.findall(r"`(max_\w+)` = (\d+)", " ".join(rows)))
    limits = {name: getattr(Limits(), name) for name in Limits.__struct_fields__ if name.startswith("max_")}
    assert defaults == {name: str(value) for name, value in limits.items() if value is not None}


def test_every_figure_of_the_worker_is_told_and_no_other() -> None:
    facts = Facts(
        version="1",
        well=True,
        alive=True,
        ready=True,
        last_good=datetime(2026, 4, 2, tzinfo=UTC),
        age=timedelta(1),
        last_outcome=RunOutcome.OK,
        last_took=timedelta(1),
        quota_left=1,
        figures={"pulled_accounts": 1},
    )
    text = Metrics(lambda: facts).text().decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    served = {name for name in kinds if not name.endswith("_created")}
    told = set(re.findall(r"`(tiersync_\w+)", TEXT["docs/reference/worker.md"]))
    assert told == served


def test_every_file_and_module_that_is_named_in_why_exists() -> None:
    """A bare word in brackets behind a step of the engine is a module of it; anything with a slash is a path."""
    spans = {(page, span) for page in TEXT if page.startswith("docs/why/") for span in re.findall(PATH, TEXT[page])}
    assert len(spans) > 30
    roots = (ROOT, ROOT / "connector")
    assert [one for one in sorted(spans) if not any((root / one[1]).exists() for root in roots)] == []
    steps = re.findall(r"^\d\. \*\*\w+\*\* \(([^)]+)\)", TEXT["docs/why/engine.md"], re.MULTILINE)
    modules = [name for step in steps for name in re.findall(r"`(\w+)`", step)]
    assert len(modules) > 10
    assert [name for name in modules if not [*(ROOT / "connector" / "engine").rglob(f"{name}.py")]] == []


def test_the_drawing_has_every_chamber_of_the_large_rooms() -> None:
    drawn = TEXT["docs/why/design.md"]
    rooms = ["rules", "engine", "crm/hubspot", "crm/salesforce", "sandbox/hubspot", "sandbox/salesforce"]
    chambers = {path.parent.name for room in rooms for path in (ROOT / "connector" / room).glob("*/__init__.py")}
    assert len(chambers) > 10
    assert sorted(name for name in chambers if not re.search(rf"\b{name}\b", drawn)) == []


def test_every_link_to_a_heading_finds_it() -> None:
    headings = {
        path.resolve(): {slug(title) for title in re.findall(r"^#+ (.*)", path.read_text("utf-8"), re.MULTILINE)}
        for path in READ
    }
    links = [
        (path, (path.parent / (target or path.name)).resolve(), anchor)
        for path in READ
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", path.read_text("utf-8"))
    ]
    assert len(links) > 5
    assert [(str(path), anchor) for path, target, anchor in links if anchor not in headings[target]] == []


def test_every_page_is_on_the_list_of_pages() -> None:
    listed = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", TEXT["docs/README.md"])}
    indirect = {"sandbox-salesforce"}  # the sandbox's page leads there
    assert [path.stem for path in DOCS.rglob("*.md") if path not in listed and path.name != "README.md"] == sorted(
        indirect
    )


def misplaced(value: Any, shape: str, place: str) -> Iterator[str]:
    """The keys of a piece of a rule file that the language does not have there."""
    if shape == "model":
        shape = str(value["kind"])
    for word, inner in value.items() if isinstance(value, dict) else ():
        key = {"True": "on", "False": "off"}.get(str(word), str(word))  # YAML's idea of these words, not ours
        known = SHAPES[shape].get(key)
        if known is None:
            yield f"{place}.{key}"
        elif known.inside:
            below = inner.items() if isinstance(inner, dict) else enumerate(inner)
            for name, each in below:
                yield from misplaced(each, known.inside, f"{place}.{key}.{name}")


@pytest.mark.parametrize(
    "page", ["docs/reference/rules.md", "docs/how-to/change-rules.md", "docs/how-to/finance-export.md"]
)
def test_pieces_of_rule_files_have_only_keys_of_the_language(page: str) -> None:
    blocks = re.findall(r"^ *```yaml[^\n]*\n(.*?)^ *```", TEXT[page], re.MULTILINE | re.DOTALL)
    pieces = [piece for block in blocks if set(piece := yaml.safe_load(dedent(block))) & SHAPES["file"].keys()]
    assert pieces
    assert [wrong for piece in pieces for wrong in misplaced(piece, "file", "")] == []


def slug(title: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
