"""What a population comes to is kept for exactly what it was made of, and used for nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from connector.model.fields import Table
from connector.ports import Beside, EvaluationRequest, Snapshot
from connector.rules.cells import IDLE, UNKNOWN, Cell
from connector.rules.loading import load_texts
from connector.rules.python import ranking
from connector.rules.python.standing import Standing, Tally
from connector.rules.python.standing_text import dumped, loaded
from connector.wiring import keeping
from connector.wiring import standing as kept

if TYPE_CHECKING:
    from pathlib import Path

    from connector.rules.ruleset import RuleSet

RULES = b"""
version: 1
parameters: {line: {default: 10, meaning: line}}
facts: {won: {sum: deals.amount}}
population: {total: {sum: won, among: won > $line}}
"""
FOUND = Standing({"total": {(): Tally(Decimal("12.50"), 1, Decimal("12.50"))}}, {})


class Engine:
    """Counts how often everybody was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def standing(self, *_: object) -> Standing:
        self.asked += 1
        return FOUND


class Place:
    """A wiring with rules and an engine, and a snapshot to ask about."""

    def __init__(self, folder: Path) -> None:
        self.engine, self.rules = Engine(), load_texts({"r.yaml": RULES})
        files = {Table.ACCOUNTS: (folder / "accounts.parquet",), Table.DEALS: (folder / "deals.parquet",)}
        moment = datetime(2026, 6, 1, tzinfo=UTC)
        self.snapshot = Snapshot("one", moment, files, {}, "", moment)
        self.request = EvaluationRequest(files, date(2026, 6, 1), "Europe/Amsterdam", "EUR", "en")

    def ask(self) -> Standing:
        wiring: Any = self
        return kept.standing(wiring, self.snapshot, self.request, lambda *_: None)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def other_rules(parameter: str) -> RuleSet:
    return load_texts({"r.yaml": RULES}, {"line": parameter})


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("request", {"as_of": date(2026, 6, 2)}),
    ("request", {"time_zone": "UTC"}),
    ("request", {"home_currency": "USD"}),
    ("request", {"remembers": False}),
    ("request", {"beside": {"bills": Beside((), {"debtor": "account_id"}, too_old=True)}}),
    ("snapshot", {"id": "two"}),
    ("rules", {"version": "another"}),
]


def test_a_second_question_is_answered_from_what_is_kept(place: Place) -> None:
    assert place.ask() == FOUND
    assert place.ask() == FOUND
    assert place.engine.asked == 1


@pytest.mark.parametrize(("what", "change"), CHANGES)
def test_whatever_the_figures_depend_on_has_them_worked_out_again(
    place: Place, what: str, change: dict[str, Any]
) -> None:
    place.ask()
    setattr(place, what, replace(getattr(place, what), **change))
    place.ask()
    assert place.engine.asked == 2


def test_another_parameter_is_another_question_even_where_the_version_were_the_same(place: Place) -> None:
    place.ask()
    place.rules = replace(other_rules("11"), version=place.rules.version)
    place.ask()
    assert place.engine.asked == 2


@pytest.mark.parametrize("edit", [lambda text: text[:-3], lambda text: text.replace("12.50", "99.50"), lambda _: ""])
def test_a_kept_file_that_is_cut_or_altered_is_not_used(place: Place, tmp_path: Path, edit: Any) -> None:
    place.ask()
    [file] = tmp_path.glob("standing-*")
    file.write_text(edit(file.read_text("utf-8")), "utf-8")
    assert place.ask() == FOUND
    assert place.engine.asked == 2


def test_a_kept_file_of_another_question_is_not_used_under_its_name(place: Place, tmp_path: Path) -> None:
    place.ask()
    [first] = tmp_path.glob("standing-*")
    text = first.read_bytes()
    first.unlink()
    place.request = replace(place.request, as_of=date(2026, 6, 2))
    place.ask()
    [second] = tmp_path.glob("standing-*")
    second.write_bytes(text)
    place.ask()
    assert place.engine.asked == 3


OTHERS = ("[]", '{"figures": {}}', '{"figures": {}, "ranked": []}', "[" * 100_000)


@pytest.mark.parametrize("text", [*OTHERS, '{"figures": {"f": [[[], null, 1, "much"]]}, "ranked": {}}'])
def test_a_text_that_is_no_standing_is_refused_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="no standing"):
        loaded(text)


def test_who_cannot_write_beside_the_snapshot_is_answered_all_the_same(place: Place, tmp_path: Path) -> None:
    gone = tmp_path / "gone" / "accounts.parquet"
    place.snapshot = replace(place.snapshot, files={Table.ACCOUNTS: (gone,)})
    assert place.ask() == FOUND


def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(place: Place, tmp_path: Path) -> None:
    place.ask()
    [file] = tmp_path.glob("standing-*")
    file.unlink()
    file.mkdir()
    assert place.ask() == FOUND
    assert list(tmp_path.iterdir()) == [file]


def test_only_a_few_days_are_kept_beside_one_snapshot(place: Place, tmp_path: Path) -> None:
    for day in range(1, 8):
        place.request = replace(place.request, as_of=date(2026, 6, day))
        place.ask()
    assert len(list(tmp_path.iterdir())) == keeping.MOST


def test_what_is_kept_is_read_back_to_the_last_digit() -> None:
    keys: tuple[Cell, ...] = (True, "unknown", Decimal("1.000000"), date(2026, 1, 31), ("a", "b"))
    figures: dict[str, dict[tuple[Cell, ...], Tally]] = {
        "f": {keys: Tally(UNKNOWN, 3, Decimal("-0.005")), (): Tally(IDLE), ("x",): Tally(Decimal("1E+3"), 1)}
    }
    amounts = {"90.00": False, "-1.50": True, "99999999999999999999.99": True}
    places = [ranking.Place(ahead, Decimal(amount)) for amount, ahead in amounts.items()]
    whole = Standing(figures, {"r": ranking.Board(places, 7), "empty": ranking.Board([])})
    again = loaded(dumped(whole))
    assert again == whole
    assert dumped(again) == dumped(whole)
    assert next(iter(again.figures["f"])) == keys
    assert again.figures["f"][keys].value is UNKNOWN
