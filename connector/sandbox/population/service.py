"""Made-up tickets, calls, meetings and mails of the last year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.population.accounts import Account
    from connector.sandbox.tables import Row

TICKET_ID = 70_000_000_001
ACTIVITY_ID = 80_000_000_001
CATEGORIES = ("PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY")


def make_tickets(chance: Random, accounts: list[Account], as_of: date) -> list[Row]:
    """Make service tickets: most customers have few, a demanding one has far too many, and lately."""
    rows: list[Row] = []
    for account in (found for found in accounts if found.kind in {"customer", "lapsed"}):
        for _ in range(chance.randint(16, 34) if account.demanding else min(9, int(chance.expovariate(0.6)))):
            rows.append(_ticket(chance, TICKET_ID + len(rows) * 3, account, as_of, recent=account.demanding))
    return rows


def _ticket(chance: Random, number: int, account: Account, as_of: date, *, recent: bool) -> Row:
    opened = _moment(chance, as_of, most_days=40 if recent else 365)
    row = {
        "ticket_id": str(number),
        "account_id": account.row["account_id"],
        "created_at": opened.isoformat(),
        "category": chance.choice(CATEGORIES),
        "priority": chance.choices(("LOW", "MEDIUM", "HIGH"), (50, 35, 15))[0],
    }
    closed = opened + timedelta(hours=chance.randint(1, 240))
    if closed < _midnight(as_of):
        row["closed_at"] = closed.isoformat()
    return row


def make_activities(chance: Random, accounts: list[Account], as_of: date) -> list[Row]:
    """Make calls, meetings and mails with customers and prospects."""
    rows: list[Row] = []
    for account in (found for found in accounts if found.kind in {"customer", "prospect"}):
        for _ in range(min(6, int(chance.expovariate(0.8)))):
            kind = chance.choices(("call", "email", "meeting"), (50, 35, 15))[0]
            row = {
                "activity_id": str(ACTIVITY_ID + len(rows) * 3),
                "account_id": account.row["account_id"],
                "kind": kind,
                "started_at": _moment(chance, as_of, most_days=365).isoformat(),
            }
            if kind != "email":
                row["minutes"] = str(chance.choice((5, 10, 15, 30, 45, 60, 90)))
            rows.append(row)
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _moment(chance: Random, as_of: date, *, most_days: int) -> datetime:
    return _midnight(as_of) - timedelta(days=chance.randint(1, most_days), minutes=-chance.randint(420, 1080))
