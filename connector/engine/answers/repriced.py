"""Accounts whose deals are worth something else as a rate changed: for the cause of a change, never for a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.tables.preparing import G
from connector.engine.tables.sources import find, quoted_text
from connector.model.fields import Table

if TYPE_CHECKING:
    from connector.engine.answers.published import Published
    from connector.engine.tables.sources import Source

CONVERTED = "home_amount"
"""What the CRM made of an amount in another currency; it moves with its rates."""


def own_cell(published: Published, columns: tuple[str, ...]) -> dict[str, str]:
    """SQL of `home_amount` as a deal's own: empty where the CRM worked it out by a rate."""
    if CONVERTED not in columns or "currency" not in columns:
        return {}
    return {CONVERTED: f"case when not {_foreign(published)} then {CONVERTED} end"}


def compare(published: Published, now: Source, then: Source) -> None:
    """Make the table `repriced` of groups with a deal whose rate, or whose amount as the CRM converted it, changed."""
    parts = [part for part in (_by_the_crm(published, now, then), _by_our_rates(published, now)) if part]
    deals = " union ".join(parts) or "select null::varchar as deal_id limit 0"
    published.db.execute(f"create table repriced as select distinct {G} from deal where id in ({deals})")


def _by_the_crm(published: Published, now: Source, then: Source) -> str:
    """Deals of the same amount in the same currency that the CRM converts to something else."""
    needed = {CONVERTED, "amount", "currency"}
    if not needed <= set(now.columns) & set(then.columns):
        return ""
    cells = ", ".join(f"{name}::varchar as {name}" for name in ("deal_id", *sorted(needed)))
    sides = (f"(select {cells} from {side.scan()} where {_foreign(published)})" for side in (now, then))
    n, t = sides
    return (
        f"select n.deal_id from {n} n join {t} t on t.deal_id = n.deal_id and t.amount is not distinct from n.amount "
        f"and t.currency = n.currency where t.{CONVERTED} is distinct from n.{CONVERTED}"
    )


def _by_our_rates(published: Published, now: Source) -> str:
    """Deals that we convert, whose currency had another rate on their day in the run before."""
    before = published.request.before.get(Table.CURRENCY_RATES)
    known = {str(row[0]) for row in published.db.execute("select table_name from duckdb_tables()").fetchall()}
    closed = published.db.execute(
        "select 1 from duckdb_columns() where table_name = 'deal' and column_name = 'close_date'"
    )
    if "rate_day" not in known or not before or closed.fetchone() is None:
        return ""
    rates = find(published.db, Table.CURRENCY_RATES, before).scan()
    then = (
        "select upper(trim(currency::varchar)) as code, try_cast(valid_from::varchar as date) as valid_from, "
        f"try_cast(rate::varchar as decimal(38, 12)) as rate from {rates}"
    )
    moved = (
        f"select q.code, q.day from rate_day q asof left join ({then}) t on t.code = q.code and t.valid_from <= q.day "
        "where q.rate::decimal(38, 12) is distinct from t.rate"
    )
    converted = f" where {CONVERTED} is null" if CONVERTED in now.columns else ""
    codes = f"select deal_id::varchar as deal_id, upper(trim(currency::varchar)) as code from {now.scan()}{converted}"
    return (
        f"select d.id from deal d join ({codes}) c on c.deal_id = d.id "
        f"join ({moved}) m on m.code = c.code and m.day = d.close_date"
    )


def _foreign(published: Published) -> str:
    home = quoted_text(published.request.home_currency)
    return f"coalesce(upper(trim(currency::varchar)) <> upper(trim({home})), false)"
