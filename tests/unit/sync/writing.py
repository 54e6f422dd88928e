"""A house whose accounts each bought once, and what became of its records."""

from __future__ import annotations

from msgspec.structs import replace

from connector.sync import Result, history
from tests.twins import House, open_limits


def house(count: int = 7) -> House:
    """Accounts a0, a1, …; each bought once."""
    made = House()
    made.policy = replace(made.policy, limits=open_limits())
    for number in range(count):
        made.account(f"a{number}", deals=[20])
    return made


def outcomes(made: House, result: Result) -> dict[str, set[str]]:
    records: dict[str, set[str]] = {}
    for row in history.show(made.journal, result.run)["records"]:
        records.setdefault(row["record"], set()).add(row["outcome"])
    return records
