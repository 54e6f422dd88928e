"""Deals as the rules see them: one account each, amounts exact in the home currency (domain.md 2.5-2.7).

Columns made here, besides those kept: `amount` (empty when there is none, no rate, or it cannot be read),
`amount_invalid`, `currency_unknown` and `no_primary`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.tables.preparing import G, K, counted_for, kept
from connector.engine.tables.reading import let_go
from connector.engine.tables.sources import quoted_text
from connector.errors import UsageError
from connector.model.fields import Table, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from duckdb import DuckDBPyConnection

    from connector.engine.tables.preparing import Situation

NEEDED = {
    "deal_id": Type.TEXT,
    "account_id": Type.TEXT,
    "pipeline": Type.TEXT,
    "amount": Type.MONEY,
    "home_amount": Type.MONEY,
    "currency": Type.TEXT,
    "close_date": Type.DATE,
    "created_at": Type.TIMESTAMP,
}
"""Columns of the deals table this module reads, whatever the rules ask."""

MADE = frozenset({"amount", "amount_invalid", "currency_unknown", "no_primary"})

MONEY_CELLS = "['amount', 'home_amount']"
"""Unreadable, they leave out the deal and not the account (contract.md, amounts)."""


def deals(db: DuckDBPyConnection, tables: Collection[Table], columns: Sequence[str], situation: Situation) -> None:
    """Make `deal` with the columns asked for, and `homeless` with the number of deals that belong to nobody.

    Raises UsageError when the rate table contradicts itself. The typed rows are let go of.
    """
    view = counted_for(db, Table.DEALS, tables)
    wanted = ", ".join(f"lower({quoted_text(pipeline)})" for pipeline in situation.pipelines)
    pipelines = f" and lower(d.pipeline) in ({wanted})" if wanted else ""
    seen = f"{situation.has_seen('d.created_at')}{pipelines}"
    home, unknown = _amounts(db, view, tables, situation)
    names = [name for name in columns if name not in MADE]
    db.execute(
        f"create table deal as select a.{K}, a.{G}, d.deal_id as id, {kept(Table.DEALS, names, 'd')}"
        f"d.no_primary, {_has_bad(MONEY_CELLS)} as amount_invalid, {unknown} and not amount_invalid "
        "as currency_unknown, "
        f"case when not amount_invalid then {home} end as amount, {_has_other(MONEY_CELLS)} as unreadable "
        f"from {view} d join account a on a.account_id = d.counts_for {_rates(home)} where {seen}"
    )
    counted = f"(select count(*) from {view} d where {seen}) - (select count(*) from deal)"
    db.execute(f"create table homeless as select {counted} as deals")
    let_go(db, Table.DEALS)


def _amounts(db: DuckDBPyConnection, view: str, tables: Collection[Table], situation: Situation) -> tuple[str, str]:
    """SQL for the amount in home currency, and for "no rate": the CRM's own conversion, else ours at the close date."""
    foreign = f"coalesce({_code('d.currency')} <> {_code(quoted_text(situation.home_currency))}, false)"
    if db.execute(f"select 1 from {view} d where {foreign} limit 1").fetchone() is None:
        return "d.amount", "false"
    lost = f"({foreign} and d.home_amount is null and d.amount is not null"
    if Table.CURRENCY_RATES not in tables:
        return f"case when {foreign} then d.home_amount else d.amount end", f"{lost})"
    _refuse_two_rates(db)
    _rate_days(db, view, foreign)
    ours = "cast(round(d.amount * r.rate, 2) as decimal(18, 2))"
    return f"case when {foreign} then coalesce(d.home_amount, {ours}) else d.amount end", f"{lost} and r.rate is null)"


def _rate_days(db: DuckDBPyConnection, view: str, foreign: str) -> None:
    """Make `rate_day`: the rate of every currency on every day it was sold in, few rows beside the deals."""
    db.execute(
        "create table rate_day as select q.code, q.day, r.rate from "
        f"(select distinct {_code('d.currency')} as code, d.close_date as day from {view} d where {foreign}) q "
        f"asof left join read_currency_rates r on {_code('r.currency')} = q.code and r.valid_from <= q.day"
    )


def _rates(home: str) -> str:
    if "r.rate" not in home:
        return ""
    return f"left join rate_day r on r.code = {_code('d.currency')} and r.day = d.close_date"


def _code(currency: str) -> str:
    return f"upper(trim({currency}))"


def _has_bad(cells: str) -> str:
    return f"coalesce(list_has_any(string_split(d.unreadable, ','), {cells}), false)"


def _has_other(cells: str) -> str:
    return f"coalesce(not list_has_all({cells}, string_split(d.unreadable, ',')), false)"


def _refuse_two_rates(db: DuckDBPyConnection) -> None:
    two = db.execute(
        f"select {_code('currency')}, valid_from from read_currency_rates where rate is not null "
        "group by all having count(distinct rate) > 1 order by all limit 1"
    ).fetchone()
    if two:
        raise UsageError(f"currency_rates: two rates for {two[0]} from {two[1]}", hint="keep one")
