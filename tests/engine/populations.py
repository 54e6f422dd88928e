"""Random populations as text tables: nulls, zeros, ties, boundary dates, loops, foreign money, unreadable cells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from connector.model.fields import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

AS_OF = date(2024, 2, 29)
Row = dict[str, str | None]
Tables = dict[Table, list[Row]]

IDS = [f"A{number:02}" for number in range(14)]
AMOUNTS = [
    "0",
    "0.00",
    "100",
    "100.00",
    "100.005",
    "99.995",
    "-50",
    "2500",
    "62500.5",
    "",
    "12,5",
    "1e5",
    " 12 ",
    "-0.001",
]
DAYS = [(AS_OF + timedelta(days=days)).isoformat() for days in (0, 1, -1, -365, -366, -364, -30, -29, -700, 20)]
MOMENTS = [f"{day}T23:30:00Z" for day in DAYS[:5]] + [f"{DAYS[0]}T22:59:59.999+00:00", f"{DAYS[1]}T00:30:00+01:00"]
ODD_MOMENTS = [f"{DAYS[0]}T10:00:00", f" {DAYS[0]} ", f"{DAYS[0]} 23:30+0100", "20240229T100000Z", "2024-W09-4", " "]
"""Without an offset, with spaces, and ISO 8601 in other clothes."""
BOOLEANS = ["true", "false", "", "TRUE", " true"]


def one(*texts: str) -> SearchStrategy[str]:
    return st.sampled_from(texts)


def sometimes(texts: Sequence[str]) -> SearchStrategy[str]:
    return one(*texts, *[""] * len(texts))


ACCOUNT = {
    "name": sometimes(["Één BV", 'A "quoted", name']),
    "type": sometimes(["PARTNER", "vendor", "Other"]),
    "lifecycle": sometimes(["lead", "opportunity"]),
    "employees": sometimes(["99", "100", "101", "0", "12.5", "250.0", " 12 ", " ", "-0"]),
    "own_turnover": sometimes(AMOUNTS),
    "industry": sometimes(["MACHINERY", "RETAIL"]),
    "parent_id": sometimes([*IDS, "nobody"]),
    "owner_id": sometimes(["1", "2"]),
    "country": sometimes(["NL", "BE"]),
    "pain_fit": sometimes(["high", "Medium", "low", "very"]),
    "quote_requested_at": sometimes([*DAYS, "31/03/2024"]),
    "referred_by": sometimes(IDS),
    "share_of_wallet_pct": sometimes(["40", "0", "100", "33.333333"]),
    "reference_customer": sometimes(BOOLEANS),
    "contract_end_date": sometimes(DAYS),
    "seg_exclude": sometimes(["true", "false"]),
    "seg_tier": sometimes(["regular", "unheard_of"]),
    "seg_pyramid_level": sometimes(["top", "big", "medium", "small"]),
    "seg_signals": sometimes(["DEMANDING", "N1;DEMANDING"]),
    "seg_last_evaluated": sometimes(DAYS),
    "seg_say_no": sometimes(["true", "false"]),
    "seg_override_tier": sometimes(["strategic"]),
    "seg_override_reason": sometimes(["a talk"]),
    "seg_override_until": sometimes(DAYS),
    "created_at": sometimes(MOMENTS),
}
DEAL = {
    "account_id": one(*IDS, "", "gone"),
    "pipeline": one("default", "default", "renewals"),
    "stage": sometimes(["open", "won"]),
    "is_won": one("true", "true", "false", ""),
    "is_closed": sometimes(BOOLEANS),
    "amount": one(*AMOUNTS),
    "home_amount": sometimes(["90", "80.005"]),
    "currency": one("EUR", "", "eur", "USD", "GBP"),
    "close_date": one(*DAYS, *MOMENTS, *ODD_MOMENTS, ""),
    "created_at": sometimes([*MOMENTS, *ODD_MOMENTS]),
    "is_renewal": sometimes(BOOLEANS),
    "term_months": sometimes(["12", "36", "1"]),
    "probability": sometimes(["0", "0.5", "1"]),
}
TICKET = {"account_id": one(*IDS), "created_at": one(*MOMENTS, *DAYS, ""), "category": sometimes(["BUG"])}
ACTIVITY = {
    "account_id": one(*IDS),
    "kind": one("call", "meeting", "email", ""),
    "minutes": sometimes(["30", "0", "x"]),
}
RATE = {"currency": one("USD", "usd"), "rate": one("0.9", "1.123456")}


def tables() -> SearchStrategy[Tables]:
    """Accounts and deals always; tickets, activities and rates when they are connected."""
    return st.builds(
        _tables,
        st.lists(st.sampled_from(IDS), unique=True, min_size=1).flatmap(lambda ids: _rows(ACCOUNT, "account_id", ids)),
        st.integers(0, 40).flatmap(lambda n: _rows(DEAL, "deal_id", [f"D{i}" for i in range(n)])),
        st.none() | st.integers(0, 8).flatmap(lambda n: _rows(TICKET, "ticket_id", [f"T{i}" for i in range(n)])),
        st.none() | st.integers(0, 8).flatmap(lambda n: _rows(ACTIVITY, "activity_id", [f"V{i}" for i in range(n)])),
        st.none() | _rows(RATE, "valid_from", DAYS[3:5]),
    )


def _rows(columns: dict[str, SearchStrategy[str]], key: str, ids: Sequence[str]) -> SearchStrategy[list[Row]]:
    return st.tuples(*(st.fixed_dictionaries(columns) for _ in ids)).map(
        lambda rows: [{key: name} | {n: v or None for n, v in row.items()} for name, row in zip(ids, rows, strict=True)]
    )


def _tables(accounts: list[Row], deals: list[Row], *others: Any) -> Tables:
    names = (Table.TICKETS, Table.ACTIVITIES, Table.CURRENCY_RATES)
    there = {name: rows for name, rows in zip(names, others, strict=True) if rows is not None}
    if Table.CURRENCY_RATES in there:
        there[Table.CURRENCY_RATES] = [row | {"currency": "USD"} for row in there[Table.CURRENCY_RATES]]
    return {Table.ACCOUNTS: accounts, Table.DEALS: deals} | there


COLUMNS = {
    Table.ACCOUNTS: ("account_id", *ACCOUNT),
    Table.DEALS: ("deal_id", *DEAL),
    Table.TICKETS: ("ticket_id", *TICKET),
    Table.ACTIVITIES: ("activity_id", *ACTIVITY),
    Table.CURRENCY_RATES: ("valid_from", *RATE),
}
