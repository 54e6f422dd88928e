"""What people read exists in Dutch and English, with the same parts; nothing is said that is in no catalogue."""

import ast
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from connector.model.changes import Cause, Landed
from connector.model.fields import BESIDE
from connector.model.runs import RunOutcome
from connector.model.texts import Said, Texts, catalogue, told
from connector.model.verdicts import PopulationFigures
from connector.planning import guards
from connector.planning.causes import PEERS_OR_TIME
from connector.planning.guards import Baseline, Limits, Situation, doubts, trips
from connector.planning.tally import Move, Tally

ROOT = Path(__file__).parents[2]
ROOMS = sorted(f"connector.{path.parent.name}" for path in (ROOT / "connector").glob("*/texts.toml"))
MESSAGE = 2
"""Where the words stand among the arguments of a finding."""
PARTS = re.compile(r"{(\w+)(?::[^}]*)?}")
ALSO_SAID_BY = {"connector.worker": ["connector.wiring"]}
ALSO_SAYS = {"connector.worker": ["connector.wiring"], "connector.wiring": ["connector.worker"]}
LOANS = {"accounts", "deals", "tickets", "run", "Accounts"}
"""Words that are the same in both languages."""
CAUSES = {f"cause.{cause}" for cause in (*Cause, PEERS_OR_TIME)}
"""Said by the commands, out of the room that knows them."""


def test_every_room_that_talks_is_known() -> None:
    assert {"connector.planning", "connector.sync", "connector.cli", "connector.report", "connector.worker"} <= set(
        ROOMS
    )


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_exists_in_both_languages_with_the_same_parts(room: str) -> None:
    for key, text in catalogue(room).items():
        assert set(text) == {"en", "nl"}, key
        assert sorted(PARTS.findall(text["en"])) == sorted(PARTS.findall(text["nl"])), key
        assert text["en"].strip() or not text["nl"].strip(), key


@pytest.mark.parametrize("room", ["connector.planning", "connector.sync"])
def test_no_text_of_a_run_was_left_in_english(room: str) -> None:
    same = [text["en"] for text in catalogue(room).values() if text["en"] == text["nl"]]
    assert set(same) <= LOANS


@pytest.mark.parametrize(
    "room",
    [
        "connector.planning",
        "connector.sync",
        "connector.cli",
        "connector.crm",
        "connector.engine",
        "connector.model",
        "connector.rules",
        "connector.store",
        "connector.wiring",
        "connector.worker",
    ],
)
def test_every_text_that_the_code_names_exists_and_every_text_is_named(room: str) -> None:
    folders = [ROOT / Path(*name.split(".")) for name in (room, *ALSO_SAID_BY.get(room, ()))]
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    said = {_text(node.args[0]) for node in nodes if isinstance(node, ast.Call) and _says(node.func) and node.args}
    assert said
    known = {key for each in (room, *ALSO_SAYS.get(room, ())) for key in catalogue(each)}
    assert said - {None} <= known
    named = {_text(node) for node in nodes} | CAUSES
    families = tuple(filter(None, map(_family, nodes)))
    unused = [key for key in catalogue(room) if key not in named and not key.startswith(families)]
    assert unused == []


def test_no_finding_of_doctor_is_worded_in_the_code() -> None:
    rooms = (ROOT / "connector" / room for room in ("crm", "wiring", "cli"))
    trees = [ast.parse(path.read_text("utf-8")) for room in rooms for path in room.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "Finding" and len(c.args) > MESSAGE]
    assert len(found) > 40
    worded = [ast.unparse(call) for call in found if isinstance(call.args[MESSAGE], ast.Constant | ast.JoinedStr)]
    assert worded == []


def test_what_is_nearest_to_a_name_is_looked_for_in_one_place() -> None:
    files = (ROOT / "connector").rglob("*.py")
    assert [file.stem for file in files if "difflib" in file.read_text("utf-8")] == ["meant"]


def test_a_text_is_english_until_it_is_told_in_another_language() -> None:
    text = Said("connector.crm", "partly_connected", found=Said("connector.crm", "all_there", count=1234), names="nps")
    assert text == "all 1,234 are there; not connected: nps"
    assert told(text, "nl") == "alle 1.234 zijn er; niet aangesloten: nps"
    assert told("as it is", "nl") == "as it is"


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _says(called: ast.expr) -> bool:
    return (isinstance(called, ast.Attribute) and called.attr == "say") or (
        isinstance(called, ast.Name) and called.id == "say"
    )


def _family(node: ast.AST) -> str | None:
    """What the keys begin with that are put together here: `say(f"column.{name}")`, `name("cause", value)`."""
    if isinstance(node, ast.JoinedStr) and (start := _text(node.values[0])):
        return start if re.fullmatch(r"\w+\.", start) else None
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "name"
    family = _text(node.args[0]) if named and isinstance(node, ast.Call) and node.args else None
    return f"{family}." if family else None


def test_every_cause_and_outcome_has_a_name_in_both_languages() -> None:
    assert catalogue("connector.planning").keys() >= CAUSES
    outcomes = {f"outcome.{one}" for one in (*Landed, *RunOutcome)}
    assert outcomes <= catalogue("connector.cli").keys()


def everything() -> Situation:
    """A situation in which every guard trips."""
    tally = Tally(
        changes=1, newly_say_no=600, undone_again=2, revenue_moved_cents=1_234_567, revenue_moved_down_cents=7
    )
    tally.moves[Move("large", "small")] = 40
    tally.moved_by_owner["7"] = 9
    baseline = Baseline(
        run="r6",
        evaluated=1000,
        active_customers=900,
        rows={"accounts": 1000, "activities": 500, f"{BESIDE}invoices": 300, "deals": 90},
        filled={"deals": {"amount": 90}},
    )
    population = PopulationFigures(1000, 100, 100, {"7": 10}, 2_000_000)
    return Situation(
        run="r7",
        first_run=False,
        population=population,
        tally=tally,
        rows={"accounts": 10, "deals": 90},
        filled={"deals": {"amount": 3}},
        baseline=baseline,
    )


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_guard_speaks_the_language_it_is_asked_to(language: str) -> None:
    situation = replace(everything(), language=language)
    found = [guards.told(situation, doubt, waiting=3) for doubt in doubts(situation, Limits())]
    found += trips(situation, Limits(max_revenue_down_pct=0))
    found += trips(replace(situation, first_run=True), Limits())
    texts = catalogue("connector.planning")
    assert {reason.code for reason in found} == {key for key in texts if key.isupper()}
    for reason in found:
        words = _words(texts[reason.code][language])
        assert words
        assert all(word in reason.message for word in words), reason.message
        assert "tiersync approve r7" in reason.message
        assert ("Vrijgeven met" in reason.message) is (language == "nl")


def _words(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"{\w+(?::[^}]*)?}", text) if part.strip(" ;(),:")]


def test_figures_are_written_as_the_language_writes_them() -> None:
    def message(language: str) -> str:
        found = trips(replace(everything(), language=language), Limits(max_new_say_no=10**6))
        return next(reason.message for reason in found if reason.code == "REVENUE_MOVED_SHARE")

    assert "12,345.67 of 20,000.00 revenue (61.73 %)" in message("en")
    assert "12.345,67 van 20.000,00 omzet (61,73 %)" in message("nl")
    assert [Texts("connector.cli", language).number(1234567) for language in ("en", "nl")] == ["1,234,567", "1.234.567"]
