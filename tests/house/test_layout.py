"""The drawing of the house is the directory listing, rooms have the right size, and escapes only get fewer."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "connector").rglob("*.py"))
FLOORS = {
    "__init__",
    "__main__",
    "cli",
    "wiring",
    "sync",
    "worker",
    "crm",
    "engine",
    "store",
    "report",
    "settings",
    "sandbox",
    "ports",
    "rules",
    "planning",
    "model",
    "errors",
}
MODULE_LINES = 400
BODY_LINES = 40
ESCAPES = re.compile(
    r"#\s*noqa|#\s*type:\s*ignore|pragma:\s*no cover|pytest\.(?:mark\.)?(?:skip|xfail)|\bTO" + r"DO\b|\bFIX" + r"ME\b"
)
MOST_ESCAPES = 49
"""May only be lowered."""


def bodies(module: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            body = node.body[1:] if documented else node.body
            if body:
                yield (
                    f"{module.relative_to(ROOT)}:{node.lineno} {node.name}",
                    (body[-1].end_lineno or 0) - body[0].lineno + 1,
                )


def test_every_room_is_on_the_drawing() -> None:
    rooms = {
        path.stem for path in (ROOT / "connector").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms == FLOORS


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    files = [*MODULES, *sorted(path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)]
    assert [str(path) for path in files if len(path.read_text(encoding="utf-8").splitlines()) > MODULE_LINES] == []


def test_no_body_is_longer_than_a_screen() -> None:
    assert [name for module in MODULES for name, lines in bodies(module) if lines > BODY_LINES] == []


def test_escapes_only_get_fewer() -> None:
    files = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ESCAPES.search(line) and path != Path(__file__)
    ]
    assert len(found) <= MOST_ESCAPES, found


def test_every_noqa_gives_its_reason() -> None:
    bare = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in MODULES
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"#\s*noqa(?!: [A-Z0-9, ]+ - )", line)
    ]
    assert bare == []


def test_the_words_are_written_down() -> None:
    words = (ROOT / "docs/reference/words.md").read_text(encoding="utf-8").lower()
    for word in (
        "account",
        "deal",
        "fact",
        "rule",
        "verdict",
        "tier",
        "say-no",
        "reason",
        "plan",
        "change",
        "guard",
        "run",
        "outcome",
    ):
        assert f"**{word}**" in words


def test_nobody_but_the_roof_and_the_landing_reads_the_environment_or_the_clock() -> None:
    reads = re.compile(r"os\.environ|os\.getenv|datetime\.now\(|date\.today\(|\btime\.time\(|utcnow\(")
    rooms = [path for path in MODULES if path.relative_to(ROOT / "connector").parts[0] not in {"cli", "wiring"}]
    assert [str(path) for path in rooms if reads.search(path.read_text(encoding="utf-8"))] == []


def test_no_module_is_empty_ceremony() -> None:
    assert [str(path) for path in MODULES if "NotImplementedError" in path.read_text(encoding="utf-8")] == []
