"""Overrides that somebody should look at again, and why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connector.model.pictures import Override
from connector.planning.overrides import Note, noted, notes

TODAY = date(2026, 4, 2)


def override(
    *, tier: str | None = "large", say_no: str | None = None, days: int | None = 60, status: str = "active"
) -> Override:
    until = None if days is None else TODAY + timedelta(days=days)
    return Override("1", "One", tier, say_no, until, status, computed="regular")


@pytest.mark.parametrize(
    ("given", "since", "said"),
    [
        (override(), None, []),
        (override(tier="regular"), None, [Note.AGREES]),
        (override(tier="regular", say_no="force_clear"), None, []),
        (override(tier=None, say_no="force_say_no"), None, []),
        (override(days=14), None, [Note.ENDS_SOON]),
        (override(days=15), None, []),
        (override(days=-1, status="expired"), None, [Note.EXPIRED]),
        (override(status="invalid_no_reason", tier="regular"), date(2020, 1, 1), []),
        (override(), TODAY - timedelta(days=182), [Note.LONG]),
        (override(), TODAY - timedelta(days=181), []),
        (override(tier="regular", days=3), date(2025, 1, 1), [Note.AGREES, Note.ENDS_SOON, Note.LONG]),
    ],
)
def test_each_note_has_its_reason(given: Override, since: date | None, said: list[Note]) -> None:
    assert list(notes(given, as_of=TODAY, since=since)) == said


def test_accounts_are_listed_per_note() -> None:
    found = noted([override(tier="regular"), override(days=1)], as_of=TODAY, since={"1": date(2025, 1, 1)})
    assert found == {"expired": [], "ends_soon": ["1"], "agrees": ["1"], "long": ["1", "1"]}
