"""A plan as people see it: tiers by name, causes, sums, and the accounts it begins with."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connector.cli import plan_view
from connector.cli.plan_view import show_plan, some_accounts
from connector.model.changes import Cause, Change, Target
from connector.model.fields import Type
from connector.model.outputs import Labels, Output
from connector.model.runs import Reason
from connector.planning.plan import Plan
from connector.planning.tally import Move, Tally

TIER = Output(
    "seg_tier",
    Type.TEXT,
    {"en": "Customer tier", "nl": "Klantsegment"},
    {
        "large": {"en": "Large customer", "nl": "Grote klant"},
        "regular": {"en": "Regular customer", "nl": "Gewone klant"},
    },
)


def change(account: str, name: str, old: str | None, new: str | None) -> Change:
    return Change(account, Target.ACCOUNT, account, name, old, new, Cause.DATA)


def plan(*changes: Change, holds: tuple[Reason, ...] = (), **sums: Any) -> Plan:
    tally = Tally(accounts=len({c.account for c in changes}), changes=len(changes), **sums)
    tally.by_cause.update(str(c.cause) for c in changes)
    for c in changes:
        if c.property == "seg_tier":
            tally.moves[Move(c.old, c.new)] += 1
            tally.revenue_by_move[Move(c.old, c.new)] += 1_234_567
    made_at = datetime(2026, 4, 2, tzinfo=UTC)
    return Plan(
        run="r1", as_of=date(2026, 4, 2), rule_version="abc", made_at=made_at, digest="", tally=tally, holds=holds
    )


def shown(
    capsys: pytest.CaptureFixture[str], language: str, *changes: Change, name: str = "Bakker", **sums: Any
) -> str:
    labels = Labels(language, {"seg_tier": TIER})
    show_plan(plan(*changes, **sums), some_accounts(changes), labels=labels, names={"7": name})
    return capsys.readouterr().out


MOVED = (
    change("7", "seg_tier", None, "large"),
    change("7", "seg_score", "1", "2"),
    change("9", "seg_tier", "regular", "large"),
)


def test_a_plan_shows_old_and_new_tier_by_name_with_the_cause(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in shown(capsys, "en", *MOVED).splitlines()]
    assert "Plan of run r1, as of 2026-04-02, rules abc" in lines
    assert "Bakker (7) Customer tier \N{EN DASH} Large customer own data changed" in lines
    assert "9 Customer tier Regular customer Large customer own data changed" in lines
    assert "and 1 more property" in lines


def test_a_very_long_name_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    made = shown(capsys, "en", *MOVED, name="x" * 1000)
    assert f"{'x' * (plan_view.WIDEST - 1)}… (7)" in made
    assert max(map(len, made.splitlines())) < 200


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "… and 1 more account: `tiersync runs show r1 --all` shows them all"),
        ("nl", "… en nog 1 klant: `tiersync runs show r1 --all` toont ze allemaal"),
    ],
)
def test_accounts_that_are_not_shown_are_counted_with_a_command_that_every_run_has(
    capsys: pytest.CaptureFixture[str], language: str, told: str
) -> None:
    many = [change(f"{number:02}", "seg_tier", "regular", "large") for number in range(plan_view.ACCOUNTS_SHOWN + 1)]
    assert told in shown(capsys, language, *many)


def test_the_matrix_counts_accounts_and_revenue_per_move(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in shown(capsys, "en", *MOVED).splitlines()]
    assert "Regular customer Large customer 1 12,345" in lines


def test_a_plan_shows_whose_accounts_move_the_hardest_hit_first(capsys: pytest.CaptureFixture[str]) -> None:
    books = Counter({f"o{number:02}": 1 for number in range(11)} | {"70": 3, "": 2})
    lines = [" ".join(line.split()) for line in shown(capsys, "en", *MOVED, moved_by_owner=books).splitlines()]
    at = lines.index("Whose accounts move")
    assert lines[at + 2 : at + 5] == ["70 3", "nobody 2", "o00 1"]
    assert "o08 1" not in lines
    assert "… and 3 more owners: --json has them all" in lines
    assert "Whose accounts move" not in shown(capsys, "en", *MOVED)


def test_a_plan_speaks_dutch(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "nl", *MOVED)
    assert "Van segment naar segment" in out
    assert "Gewone klant" in out
    assert "eigen gegevens gewijzigd" in out


def test_an_empty_plan_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing to change" in shown(capsys, "en")


def test_a_long_plan_says_how_much_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(change(f"{n:03}", "seg_tier", None, "large") for n in range(plan_view.ACCOUNTS_SHOWN + 5))
    assert "and 5 more accounts" in shown(capsys, "en", *many)


def test_holds_and_kept_edits_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "en", holds=(Reason("TIER_CHANGES", "40 % is more than 30 %"),), kept=3)
    assert "TIER_CHANGES: 40 % is more than 30 %" in out
    assert "3 values that a person changed are kept" in out


def test_a_text_of_many_lines_stays_on_its_row_and_gives_way_to_a_short_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = "Rank 113 of 117.\nTier Regular customer.\n" * 20
    told = shown(capsys, "en", change("7", "seg_explanation", None, long), change("8", "seg_explanation", None, long))
    rows = [line for line in told.splitlines() if "Rank 113" in line]
    assert len(rows) == 2
    assert all(row.endswith("own data changed") for row in rows)
    told = shown(capsys, "en", change("7", "seg_explanation", None, long), change("7", "seg_margin_value", "1", "2"))
    assert "seg_margin_value" in told
    assert "Rank 113" not in told
