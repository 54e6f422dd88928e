"""Text cells become values: one account's records as the rules see them, in plain Python.

The engine reads whole populations in SQL by the same rules; this is for one account, for examples, and to check the
engine against.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from connector.model.fields import CATALOGUE, Table, Type
from connector.rules.cells import CENTS, UNKNOWN, half_up, is_known
from connector.rules.columns import EXTRA_DEAL_COLUMNS, NEVER_EMPTY
from connector.rules.walk import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from connector.rules.cells import Cell
    from connector.rules.python.evaluate import Frame

Row = dict[str, "Cell"]
Texts = "Mapping[str, str | None]"

PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)\Z", re.ASCII)
"""With its offset: without one a moment has no day in the business time zone (contract.md, files)."""
HELD = {Type.MONEY: (CENTS, 16), Type.RATE: (12, 12)}
"""Decimals and digits before them that a number is held with; any other has 6 and 12."""
MAX_STEPS = 10
"""A chain of parents longer than this is broken (domain.md 11.14)."""


LOST = "@lost"
"""Cell of the one record of an account whose rows in a table beside the CRM cannot be told from others'."""


class Unreadable(ValueError):
    """The text is not of the type of its column."""


def read_cell(text: str | None, kind: Type, *, time_zone: ZoneInfo) -> Cell:
    """Read one cell; an empty or blank one is unknown, and spaces around a value mean nothing. Raises Unreadable."""
    if text is None or not text.strip(" "):
        return UNKNOWN
    if kind not in {Type.TEXT, Type.LONG_TEXT}:
        text = text.strip(" ")
    if kind in NUMERIC or kind is Type.RATE:
        return _number(text, kind)
    if kind is Type.BOOLEAN:
        if text.lower() not in {"true", "false"}:
            raise Unreadable(text)
        return text.lower() == "true"
    if kind in {Type.DATE, Type.TIMESTAMP}:
        return _day(text, time_zone)
    return tuple(part for part in re.split(r"\s*;\s*", text) if part) if kind is Type.MULTI else text


def _number(text: str, kind: Type) -> Decimal:
    if not PLAIN_NUMBER.match(text):
        raise Unreadable(text)
    decimals, digits = HELD.get(kind, (6, 12))
    number = half_up(Decimal(text), decimals)
    if number.adjusted() >= digits:
        raise Unreadable(text)
    return number or number.copy_abs()


def _day(text: str, time_zone: ZoneInfo) -> date:
    try:
        if DAY.match(text):
            return date.fromisoformat(text)
        if MOMENT.match(text):
            return datetime.fromisoformat(text).astimezone(time_zone).date()
    except (ValueError, OverflowError):
        pass
    raise Unreadable(text)


class Records(Struct):
    """The records of a population, typed and sorted to their accounts; what lies after `as_of` left out."""

    frame: Frame
    time_zone: ZoneInfo
    accounts: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    related: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    """Table -> account -> rows."""
    unreadable: set[str] = field(default_factory=set)
    """Accounts with a cell that could not be read."""
    root: dict[str, str] = field(default_factory=dict)
    """Account -> ultimate parent (itself when it stands alone)."""
    broken: set[str] = field(default_factory=set)
    """Accounts whose chain of parents cannot be followed."""

    def members(self) -> dict[str, list[str]]:
        """Give the accounts of each group, ascending by id."""
        found: dict[str, list[str]] = {}
        for account in sorted(self.accounts):
            found.setdefault(self.root[account], []).append(account)
        return found


def read_records(tables: Mapping[Table, Sequence[Mapping[str, str | None]]], frame: Frame, time_zone: str) -> Records:
    """Type every record and find the groups."""
    records = Records(frame, ZoneInfo(time_zone))
    for row in tables.get(Table.ACCOUNTS, ()):
        if not _after(row, records):
            records.accounts[row["account_id"] or ""] = row
            _typed(Table.ACCOUNTS, row, records)
    rates = _rates(tables.get(Table.CURRENCY_RATES, ()), records)
    pipelines = _sales_pipelines(frame)
    for table in (Table.DEALS, Table.TICKETS, Table.ACTIVITIES):
        for row in tables.get(table, ()):
            if not _after(row, records) and (table is not Table.DEALS or _in_pipeline(row, pipelines)):
                typed = _typed(table, row, records)
                _price(typed, row, rates, records) if table is Table.DEALS else None
                records.related.setdefault(table, {}).setdefault(row.get("account_id") or "", []).append(typed)
    _find_groups(records)
    return records


def read_beside(
    table: str, columns: Mapping[str, Type], rows: Sequence[Mapping[str, str | None]], records: Records
) -> None:
    """Type the rows of a table beside the CRM; one with the cell LOST stands for what cannot be matched."""
    for row in rows:
        typed: Row = {LOST: True} if LOST in row else {}
        for name, kind in columns.items():
            try:
                typed[name] = read_cell(row.get(name), kind, time_zone=records.time_zone)
            except Unreadable:
                records.unreadable.add(row.get("account_id") or "")
                typed[name] = UNKNOWN
        records.related.setdefault(table, {}).setdefault(row.get("account_id") or "", []).append(typed)


def _after(row: Mapping[str, str | None], records: Records) -> bool:
    """Tell whether a record was made after `as_of`, and so does not exist yet."""
    try:
        made = read_cell(row.get("created_at"), Type.TIMESTAMP, time_zone=records.time_zone)
    except Unreadable:
        return False
    return isinstance(made, date) and made > records.frame.as_of


def _sales_pipelines(frame: Frame) -> frozenset[str]:
    """The pipelines that count, in lower case; none of them means all."""
    parameter = frame.parameters.get("sales_pipelines")
    wanted = parameter.value if parameter and isinstance(parameter.value, tuple) else ()
    return frozenset(str(pipeline).lower() for pipeline in wanted)


def _in_pipeline(row: Mapping[str, str | None], pipelines: Collection[str]) -> bool:
    return not pipelines or (row.get("pipeline") or "").lower() in pipelines


def _typed(table: Table, row: Mapping[str, str | None], records: Records) -> Row:
    typed: Row = {}
    for column in CATALOGUE[table]:
        if table is Table.DEALS and column.name in {"amount", "home_amount"}:
            continue
        try:
            cell = read_cell(row.get(column.name), column.type, time_zone=records.time_zone)
        except Unreadable:
            records.unreadable.add(row.get("account_id") or "")
            cell = UNKNOWN
        typed[column.name] = (
            False if column.type is Type.BOOLEAN and column.name in NEVER_EMPTY and cell is UNKNOWN else cell
        )
    return typed


# ── money ──


def _rates(rows: Sequence[Mapping[str, str | None]], records: Records) -> dict[str, list[tuple[date, Decimal]]]:
    found: dict[str, list[tuple[date, Decimal]]] = {}
    for row in rows:
        day = read_cell(row["valid_from"], Type.DATE, time_zone=records.time_zone)
        rate = read_cell(row["rate"], Type.RATE, time_zone=records.time_zone)
        if isinstance(day, date) and isinstance(rate, Decimal):
            found.setdefault((row["currency"] or "").strip(" ").upper(), []).append((day, rate))
    return {currency: sorted(pairs) for currency, pairs in found.items()}


def _price(
    typed: Row, row: Mapping[str, str | None], rates: dict[str, list[tuple[date, Decimal]]], records: Records
) -> None:
    """Put the amount in home currency, or say why there is none."""
    typed.update(dict.fromkeys(EXTRA_DEAL_COLUMNS, False))
    typed["no_primary"] = row.get("no_primary") == "true"
    typed["amount"] = UNKNOWN
    try:
        amount = read_cell(row.get("amount"), Type.MONEY, time_zone=records.time_zone)
        converted = read_cell(row.get("home_amount"), Type.MONEY, time_zone=records.time_zone)
    except Unreadable:
        typed["amount_invalid"] = True
        return
    currency = ((row.get("currency") or "").strip(" ") or records.frame.home_currency).upper()
    if currency == records.frame.home_currency:
        typed["amount"] = amount
    elif is_known(converted):
        typed["amount"] = converted
    elif isinstance(amount, Decimal):
        rate = _rate(rates.get(currency, []), typed["close_date"])
        typed["currency_unknown"] = rate is None
        typed["amount"] = UNKNOWN if rate is None else half_up(amount * rate, CENTS)


def _rate(pairs: list[tuple[date, Decimal]], day: Cell) -> Decimal | None:
    if not isinstance(day, date):
        return None
    place = bisect_right(pairs, day, key=lambda pair: pair[0])
    return pairs[place - 1][1] if place else None


# ── groups ──


def _find_groups(records: Records) -> None:
    rollup = records.frame.parameters.get("rollup")
    alone = rollup is not None and rollup.value == "none"
    for account in records.accounts:
        root = account if alone else _ultimate_parent(account, records)
        if root is None:
            records.broken.add(account)
        records.root[account] = root or account


def _ultimate_parent(account: str, records: Records) -> str | None:
    """Follow the parents; None when they run in a loop, out of sight, or too far."""
    current, seen = account, {account}
    for _ in range(MAX_STEPS + 1):
        parent = records.accounts[current].get("parent_id")
        if not parent:
            return current
        if parent in seen or parent not in records.accounts:
            return None
        seen.add(parent)
        current = parent
    return None
