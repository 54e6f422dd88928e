"""Which accounts' own records differ from those of an earlier run: for the cause of a change, never for a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.beside import one_sided
from connector.engine.preparing import LINKS, K
from connector.engine.sources import find, quoted
from connector.model.fields import KEY, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.engine.beside import Attached
    from connector.engine.published import Published
    from connector.engine.sources import Source

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
    return True


def _of_records(published: Published, table: Table, ours: set[str]) -> Iterator[str]:
    """Accounts of records that changed, by their own column and by links, and accounts of links that changed."""
    if not _connected(published, table):
        return
    now, then = _both(published, table)
    if "account_id" in now.columns and "account_id" in then.columns:
        yield _one_sided("account_id", now, then, ours)
    links = LINKS.get(table)
    if links is None or not _connected(published, links):
        return
    linked = _both(published, links)
    yield _one_sided("account_id", *linked, ours)
    records = _one_sided(KEY[table], now, then, ours)
    for source in linked:
        yield f"select account_id::varchar as account_id from {source.scan()} where from_id::varchar in ({records})"


def _connected(published: Published, table: Table) -> bool:
    return table in published.request.files and table in published.request.before


def _both(published: Published, table: Table) -> tuple[Source, Source]:
    request = published.request
    return find(published.db, table, request.files[table]), find(published.db, table, request.before[table])


def _one_sided(key: str, now: Source, then: Source, ours: set[str]) -> str:
    """The key of rows that are in one of the two and not in the other; what we write ourselves is left aside."""
    shared = [name for name in now.columns if name in then.columns and name not in ours]
    cells = ", ".join(f"{quoted(name)}::varchar as {quoted(name)}" for name in shared)
    one, other = f"select {cells} from {now.scan()}", f"select {cells} from {then.scan()}"
    return f"select {key} from (({one} except all {other}) union all ({other} except all {one}))"
