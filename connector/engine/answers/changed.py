"""Which accounts' own records differ from those of an earlier run: for the cause of a change, never for a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.answers import repriced
from connector.engine.tables.beside import one_sided
from connector.engine.tables.preparing import LINKS, G, K
from connector.engine.tables.sources import find, quoted
from connector.model.fields import KEY, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.engine.answers.published import Published
    from connector.engine.tables.beside import Attached
    from connector.engine.tables.sources import Source

_AS_IT_IS: Mapping[str, str] = {}
RECORDS = (Table.DEALS, Table.TICKETS, Table.ACTIVITIES)


def compare(published: Published, beside: Iterable[Attached] = ()) -> bool:
    """Make the table `changed` of accounts; tell whether there was anything to compare with."""
    if Table.ACCOUNTS not in published.request.before:
        return False
    ours = {o.output.name for o in published.written} | {o.output.on_deals for o in published.written}
    parts = [_one_sided("account_id", *_both(published, Table.ACCOUNTS), ours)]
    for table in RECORDS:
        parts += _of_records(published, table, ours)
    parts += [moved for attached in beside if (moved := one_sided(published.db, attached))]
    published.db.execute(
        f"create table changed as select distinct a.{K} from account a "
        f"join ({' union all '.join(parts)}) c on c.account_id = a.account_id"
    )
    _regrouped(published)
    _repriced(published)
    return True


def _repriced(published: Published) -> None:
    """Make the table `repriced` (see there); empty where no deals are connected on both sides."""
    if _connected(published, Table.DEALS):
        repriced.compare(published, *_both(published, Table.DEALS))
    else:
        published.db.execute(f"create table repriced as select {G} from account limit 0")


def _regrouped(published: Published) -> None:
    """Make the table `regrouped` of groups that an account joined or left; without roll-up an account is its own group.

    A parent that is not among the accounts is none. An account that is gone has left the group of its parent.
    """
    now, then = (_parents(source) for source in _both(published, Table.ACCOUNTS))
    moved = (
        f"select coalesce(n.account_id, t.account_id) as child, n.parent as joined, t.parent as left_behind "
        f"from ({now}) n full join ({then}) t on t.account_id = n.account_id where n.parent is distinct from t.parent"
    )
    rollup = published.rules.parameters.get("rollup")
    alone = str(rollup is not None and rollup.value == "none").lower()
    parts = (f"select {name} as account_id from ({moved})" for name in ("child", "joined", "left_behind"))
    published.db.execute(
        f"create table regrouped as select distinct a.{G} from account a "
        f"join ({' union '.join(parts)}) m on m.account_id = a.account_id where not {alone}"
    )


def _parents(source: Source) -> str:
    """SQL: accounts with their parent, where it is one of them."""
    if "parent_id" not in source.columns:
        return "select null::varchar as account_id, null::varchar as parent limit 0"
    own = f"select account_id::varchar as account_id, parent_id::varchar as parent from {source.scan()}"
    return f"select c.account_id, p.account_id as parent from ({own}) c left join ({own}) p on p.account_id = c.parent"


def _of_records(published: Published, table: Table, ours: set[str]) -> Iterator[str]:
    """Accounts of records that changed, by their own column and by links, and accounts of links that changed."""
    if not _connected(published, table):
        return
    now, then = _both(published, table)
    own = repriced.own_cell(published, now.columns) if table is Table.DEALS else {}
    if "account_id" in now.columns and "account_id" in then.columns:
        yield _one_sided("account_id", now, then, ours, own)
    links = LINKS.get(table)
    if links is None or not _connected(published, links):
        return
    linked = _both(published, links)
    yield _one_sided("account_id", *linked, ours)
    records = _one_sided(KEY[table], now, then, ours, own)
    for source in linked:
        yield f"select account_id::varchar as account_id from {source.scan()} where from_id::varchar in ({records})"


def _connected(published: Published, table: Table) -> bool:
    return table in published.request.files and table in published.request.before


def _both(published: Published, table: Table) -> tuple[Source, Source]:
    request = published.request
    return find(published.db, table, request.files[table]), find(published.db, table, request.before[table])


def _one_sided(key: str, now: Source, then: Source, ours: set[str], own: Mapping[str, str] = _AS_IT_IS) -> str:
    """The key of rows that are in one of the two and not in the other; what we write ourselves is left aside.

    `own` says for single columns what of them is the record's own.
    """
    shared = [name for name in now.columns if name in then.columns and name not in ours]
    cells = ", ".join(f"({own.get(name) or quoted(name)})::varchar as {quoted(name)}" for name in shared)
    one, other = f"select {cells} from {now.scan()}", f"select {cells} from {then.scan()}"
    return f"select {key} from (({one} except all {other}) union all ({other} except all {one}))"
