"""Domain 2.2, 2.5, 2.6 and contract (files, amounts): what exists on `as_of`, and each deal's amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.amounts import cents
from tests.oracle.tables import Row, Table, read_table
from tests.oracle.world import Account, Contact, Deal, Effort, World

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction
    from pathlib import Path

    from tests.oracle.parameters import Parameters

ZONE = "Europe/Amsterdam"
HOME = "EUR"
DAYS = ("close_date", "last_contact", "contract_end_date", "oldest_open_invoice_date", "seg_override_until")
NUMBERS = ("employees", "nps", "probability", "discount_pct", "term_months")


def load_world(folder: Path, *, as_of: date, parameters: Parameters, language: str) -> World:
    """The world of one evaluation."""
    tables = {name: read_table(folder, name, ZONE) for name in ("accounts", "deals", "tickets", "activities")}
    rates = read_table(folder, "currency_rates", ZONE)
    rows = tables["accounts"]
    deals = tables["deals"]
    assert rows
    assert deals
    accounts = {row.cells["account_id"]: _account(row, parameters) for row in rows.rows}
    world = World(
        as_of,
        language,
        parameters,
        rows.columns,
        deals.columns,
        tables["tickets"] is not None,
        tables["activities"] is not None,
        accounts,
    )
    _give_deals(world, deals, rates)
    for account in accounts.values():
        account.unreadable = _spoiled(account)
    _give_efforts(world, tables["tickets"], tables["activities"])
    world.first_run = not any(account.row.text("seg_tier") for account in accounts.values())
    return world


def _account(row: Row, parameters: Parameters) -> Account:
    """Domain 2.6 and 11.7: excluded by type or by a person."""
    kind = (row.text("type") or "").casefold()
    by_type = kind.replace("_", " ") in [word.replace("_", " ") for word in parameters.words("exclude_types")]
    return Account(row.cells["account_id"], row, excluded=bool(kind and by_type) or row.flag("seg_exclude") is True)


def _give_deals(world: World, table: Table, rates: Table | None) -> None:
    for row in table.rows:
        account = world.accounts.get(row.text("account_id") or "")
        created = row.day("created_at")
        if account is None or (created is not None and created > world.as_of) or not _of_sales(world, row):
            continue
        account.deals.append(_deal(row, rates, closing="is_closed" in table.columns))


def _of_sales(world: World, row: Row) -> bool:
    """2.6: only deals of these pipelines exist; none named means all."""
    wanted = world.parameters.words("sales_pipelines")
    return not wanted or (row.text("pipeline") or "").casefold() in wanted


def _deal(row: Row, rates: Table | None, *, closing: bool) -> Deal:
    """Open is what is not closed, where deals say that of themselves."""
    won = row.flag("is_won") is True
    closed = row.flag("is_closed") is True
    day = row.day("close_date")
    amount, trouble = _home_amount(row, day, rates)
    return Deal(row, won, closing and not won and not closed, day, amount, trouble, row.number("term_months"))


def _home_amount(row: Row, day: date | None, rates: Table | None) -> tuple[Fraction | None, str | None]:
    """Domain 2.5 and 11.6; contract (amounts): half-up to cents per deal, when read."""
    amount = row.number("amount")
    if "amount" in row.bad:
        return None, "AMOUNT_INVALID"
    if amount is None:
        return None, "AMOUNT_MISSING"
    amount = cents(amount)
    currency = row.text("currency")
    if currency is None or currency.upper() == HOME:
        return amount, None
    rate = _rate(currency, day, rates)
    return (None, "CURRENCY_UNKNOWN") if rate is None else (cents(amount * rate), None)


def _rate(currency: str, day: date | None, rates: Table | None) -> Fraction | None:
    """Domain 2.5: the own rate table at the close date: the latest rate valid by then."""
    best: tuple[date, Fraction] | None = None
    for row in rates.rows if rates and day else []:
        valid, rate = row.day("valid_from"), row.number("rate")
        if (row.text("currency") or "").upper() != currency.upper() or valid is None or rate is None:
            continue
        if day and valid <= day and (best is None or valid > best[0]):
            best = (valid, rate)
    return best[1] if best else None


def _spoiled(account: Account) -> bool:
    """11.9: a cell that cannot be read, in the account or one of its deals; an amount has its own rule."""
    rows = [account.row, *(deal.row for deal in account.deals)]
    for row in rows:
        for name in DAYS:
            row.day(name)
        for name in NUMBERS:
            row.number(name)
    return any(row.bad - {"amount"} for row in rows)


def _give_efforts(world: World, tickets: Table | None, activities: Table | None) -> None:
    for row in tickets.rows if tickets else []:
        if account := world.accounts.get(row.text("account_id") or ""):
            account.contacts.append(Contact(row.day("created_at"), row.text("category")))
    for row in activities.rows if activities else []:
        if account := world.accounts.get(row.text("account_id") or ""):
            account.efforts.append(Effort(row.day("started_at"), row.text("kind"), row.number("minutes")))
