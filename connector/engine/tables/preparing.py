"""Typed tables to the records the rules see: who exists, in which group, with which records (domain.md 2.2-2.8).

Makes `account` (one row each: `@k` its place in the order of ids, `@g` the `@k` of its ultimate parent) and
`deal`, `ticket`, `activity` with the `@k` and `@g` of the account each counts for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from connector.engine.tables.reading import let_go
from connector.engine.tables.sources import quoted
from connector.model.fields import CATALOGUE, KEY, Table, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from duckdb import DuckDBPyConnection

K, G = '"@k"', '"@g"'
"""Keys of accounts and groups, named so that no field can clash."""

ACCOUNTS = "held_account"
"""The table of the accounts with the columns that were read; the view `account` has those that are absent too."""

LONGEST_CHAIN = 10
"""Steps from an account to its ultimate parent; a longer chain is broken (domain.md 2.8)."""

LINKS = {Table.DEALS: Table.DEAL_ACCOUNTS, Table.TICKETS: Table.TICKET_ACCOUNTS}


class Situation(Struct, frozen=True):
    """What the records are seen with, besides the rules."""

    as_of: date
    home_currency: str
    rollup: bool
    pipelines: tuple[str, ...]
    """Pipelines that count; empty means all."""

    def has_seen(self, column: str) -> str:
        """SQL: not created after `as_of`; what was is as if it did not exist."""
        return f"({column} is null or {column} <= date '{self.as_of.isoformat()}')"


def accounts(db: DuckDBPyConnection, situation: Situation, *, absent: str) -> None:
    """Make `account`: those that exist by `as_of`, in the order of their ids, each with its group.

    Ids are sorted and groups found on three narrow columns; the wide rows are copied once, at the end. It is a
    view of the table `ACCOUNTS`, which has no columns for what is `absent`.
    """
    db.execute(
        f'create table keys as select "@row" as row, row_number() over (order by account_id) as {K}, '
        "account_id, parent_id "
        f"from read_accounts where account_id is not null and {situation.has_seen('created_at')}"
    )
    _climb(db, rollup=situation.rollup)
    db.execute(
        f"create table {ACCOUNTS} as select e.{K}, coalesce(c.top, e.{K}) as {G}, a.* replace "
        "(a.unreadable is not null as unreadable), coalesce(c.broken, false) as hierarchy_broken "
        f"from held_accounts a join keys e on e.row = a.rowid left join climbed c on c.{K} = e.{K}"
    )
    db.execute(f"create view account as select *{absent} from {ACCOUNTS}; drop table keys; drop table climbed")
    let_go(db, Table.ACCOUNTS)


def _climb(db: DuckDBPyConnection, *, rollup: bool) -> None:
    """Climb one step a round: `top` is where a chain has come to, `next` where it goes on. A loop never ends."""
    db.execute(
        f"create table climb as select {K}, {K} as top, parent_id as next, false as lost from keys "
        f"where parent_id is not null and {str(rollup).lower()}"
    )
    for _ in range(LONGEST_CHAIN):
        db.execute(
            f"create or replace table climb as select c.{K}, coalesce(p.{K}, c.top) as top, p.parent_id as next, "
            f"c.lost or (c.next is not null and p.{K} is null) as lost "
            "from climb c left join keys p on p.account_id = c.next"
        )
        if db.execute("select 1 from climb where next is not null limit 1").fetchone() is None:
            break
    db.execute(
        f"create table climbed as select {K}, lost or next is not null as broken, "
        f"case when broken then {K} else top end as top from climb"
    )
    db.execute("drop table climb")


def referrals(db: DuckDBPyConnection) -> None:
    """Make the view `referral`: accounts with the account (and its group) that referred them; nobody refers itself."""
    db.execute(
        f'create view referral as select a.{K}, b.{K} as "@to", b.{G} as "@to_g" '
        f"from account a join account b on b.account_id = a.referred_by and b.{G} <> a.{G}"
    )


def counted_for(db: DuckDBPyConnection, table: Table, tables: Collection[Table]) -> str:
    """Make the view `<table>_counted`: its rows with `counts_for`, the one account of each, and `no_primary`.

    Where the CRM keeps links they decide: the primary account, else the lowest id (domain.md 2.7). Returns its name.
    """
    links, view = LINKS.get(table), f"{table.value}_counted"
    if links not in tables or links is None:
        db.execute(
            f"create view {view} as select *, account_id as counts_for, false as no_primary from read_{table.value}"
        )
        return view
    number = "coalesce(try_cast(account_id as decimal(38, 0)), 99999999999999999999999999999999999999)"
    db.execute(
        f"create view {view} as select t.*, l.counts_for, coalesce(l.no_primary, false) as no_primary "
        f"from read_{table.value} t left join (select from_id, "
        f'arg_min(account_id, (not coalesce("primary", false), {number}, account_id)) as counts_for, '
        'count(distinct account_id) > 1 and not coalesce(bool_or("primary"), false) as no_primary '
        f"from read_{links.value} where account_id is not null group by from_id) l on l.from_id = t.{KEY[table]}"
    )
    return view


def events(
    db: DuckDBPyConnection, table: Table, tables: Collection[Table], columns: Sequence[str], situation: Situation
) -> None:
    """Make `ticket` or `activity` with the columns asked for."""
    seen = situation.has_seen("t.created_at") if table is Table.TICKETS else "true"
    cells = f"{kept(table, columns, 't')}t.unreadable is not null as unreadable"
    db.execute(
        f"create table {record(table)} as select a.{K}, a.{G}, {cells} "
        f"from {counted_for(db, table, tables)} t join account a on a.account_id = t.counts_for where {seen}"
    )
    let_go(db, table)


def mark_unreadable(db: DuckDBPyConnection, tables: Collection[Table], others: Iterable[str] = ()) -> None:
    """An account is unreadable where a record of it is; marked once, after all records are there."""
    records = [*(record(t) for t in (Table.DEALS, Table.TICKETS, Table.ACTIVITIES) if t in tables), *others]
    marked = " union ".join(f"select {K} from {name} where unreadable" for name in records)
    if db.execute(f"select 1 from ({marked}) limit 1").fetchone():
        db.execute(f"update {ACCOUNTS} set unreadable = true where {K} in ({marked})")


def record(table: Table) -> str:
    """Name the prepared table of a table: `deals` becomes `deal`."""
    return {Table.ACTIVITIES: "activity"}.get(table, table.value.removesuffix("s"))


def kept(table: Table, columns: Sequence[str], alias: str) -> str:
    """SQL list of columns to keep, with a comma behind each; an empty boolean of the catalogue is false."""
    booleans = {field.name for field in CATALOGUE[table] if field.type is Type.BOOLEAN}
    each: Mapping[bool, str] = {True: "coalesce({0}.{1}, false) as {1}, ", False: "{0}.{1}, "}
    return "".join(each[name in booleans].format(alias, quoted(name)) for name in columns)
