"""The `files` CRM: every command works on a folder of CSV or Parquet files as it does on a CRM."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from connector.crm.files import tables
from connector.crm.files.outputs import Outputs
from connector.crm.said import say
from connector.errors import BadAnswer, UsageError
from connector.model.changes import Landed, Outcome, Target
from connector.model.fields import ESSENTIAL, KEY, Table
from connector.ports import Cost, Finding, Page, ProvisionStep, PullSummary, Quota

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connector.model.changes import RecordWrite
    from connector.model.outputs import Output
    from connector.ports import Progress, PullRequest

TABLES = {Target.ACCOUNT: Table.ACCOUNTS, Target.DEAL: Table.DEALS}
TARGETS = {table: target for target, table in TABLES.items()}
NEEDED = (Table.ACCOUNTS, Table.DEALS)
OF_A_FILE = {Table.DEALS: ("account_id",)}
"""What a CRM may tell by links, and a file has no other place for."""
LINKS = {Table.DEAL_ACCOUNTS, Table.TICKET_ACCOUNTS}
"""What a file says by its column account_id; a file of that name is the sandbox's."""


class FilesCrm:
    """Reads the table files of `folder`; what was written to outputs.csv wins over a column of the same name."""

    name = "files"
    batch_size = 10_000
    keeps_false = True
    lingering = timedelta(0)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._outputs = {target: Outputs(folder, target) for target in Target}
        self._ids: dict[Target, frozenset[str]] = {}

    def tenant(self) -> None:
        """Files tell no tenant."""

    def pull(self, request: PullRequest, deliver: Callable[[Page], None], progress: Progress) -> PullSummary:
        """Deliver every file the request asks for; always everything, as files tell no changes."""
        rows: dict[Table, int] = {}
        absent: dict[Table, frozenset[str]] = {}
        for table, columns in _asked(request):
            present = self._present(table, columns)
            absent[table] = frozenset(columns) - set(present)
            if missing := sorted(request.required.get(table, frozenset()) & absent[table]):
                raise UsageError(f"{self._folder}: {table} has no column {', '.join(missing)}", hint="see [fields]")
            if present:
                rows[table] = self._deliver(table, present, deliver, progress)
        return PullSummary("", full=True, rows=rows, not_connected={k: v for k, v in absent.items() if v})

    def connected(self, request: PullRequest) -> Mapping[Table, frozenset[str]]:
        """Look at the header lines."""
        found = {table: frozenset(self._present(table, columns)) for table, columns in _asked(request)}
        return {table: columns for table, columns in found.items() if columns}

    def read(
        self, target: Target, records: Sequence[str], properties: Sequence[str]
    ) -> Mapping[str, Mapping[str, str | None] | None]:
        """Return what outputs.csv, else the table itself, holds now."""
        table = TABLES[target]
        wanted = pa.array(records, pa.string())
        found: dict[str, Mapping[str, str | None] | None] = dict.fromkeys(records)
        present = self._present(table, (KEY[table], *properties))
        for batch in self._overlaid(table, present):
            for row in batch.filter(pc.is_in(batch.column(KEY[table]), value_set=wanted)).to_pylist():
                found[row[KEY[table]]] = {name: row.get(name) for name in properties}
        return found

    def edited(self, target: Target, records: Sequence[str], *, since: datetime) -> Mapping[str, datetime]:
        """Return none: a file tells nobody's edits."""
        del target, records, since
        return {}

    def write(self, batch: Sequence[RecordWrite]) -> Sequence[Outcome]:
        """Merge the batch into outputs.csv; a record that is in no file is gone."""
        outcomes = []
        for target in dict.fromkeys(record.target for record in batch):
            mine = [record for record in batch if record.target is target]
            known = self._known(target)
            self._outputs[target].write(
                (record.record, dict(record.values)) for record in mine if record.record in known
            )
            outcomes += [
                Outcome(target, record.record, Landed.WRITTEN if record.record in known else Landed.GONE)
                for record in mine
            ]
        return outcomes

    def cost(self, _target: Target, _records: int, _properties: Collection[str], /) -> Cost:
        """See ports.Crm.cost; files take no calls."""
        return Cost(0, 0, 0)

    def preflight(self, outputs: Sequence[Output]) -> None:
        """Do nothing: a file takes any column."""

    def provision(self, outputs: Sequence[Output], *, language: str, dry_run: bool) -> Sequence[ProvisionStep]:
        """Report every property as present: outputs.csv grows its columns as they are written."""
        del language, dry_run
        return [ProvisionStep(Target.ACCOUNT, output.name, "present", say("prop.column")) for output in outputs]

    def doctor(self, request: PullRequest, outputs: Sequence[Output]) -> Iterator[Finding]:
        """Check the folder and each file of the request, header line only."""
        del outputs
        if not self._folder.is_dir():
            yield Finding("bad", "folder", say("no_folder", folder=str(self._folder)), say("name_folder"))
            return
        for table, columns in _asked(request):
            yield self._finding(table, columns)

    def quota(self) -> Quota:
        """Files have none."""
        return Quota(None, None)

    def check(self) -> None:
        """Nothing to raise: a file is written whole or not at all."""

    def requests(self) -> int:
        """Count no calls: nothing goes over a network."""
        return 0

    def close(self) -> None:
        """Nothing stays open."""

    def _finding(self, table: Table, columns: Sequence[str]) -> Finding:
        try:
            path = tables.find(self._folder, table)
            present = self._present(table, columns)
        except BadAnswer as error:
            return Finding("bad", table, str(error), error.hint)
        if path is None:
            return Finding("unchecked", table, say("no_file"))
        absent = len(set(columns) - set(present))
        return Finding("good", table, say("file", name=path.name, used=len(present), absent=absent))

    def _present(self, table: Table, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the asked columns the table has; raises BadAnswer when a needed file or column is missing."""
        path = tables.find(self._folder, table)
        if path is None:
            if table in NEEDED:
                raise BadAnswer(
                    f"{self._folder}: there is no {table}.csv or {table}.parquet", hint="accounts and deals are needed"
                )
            return ()
        names = set(tables.header(path))
        if (key := KEY.get(table)) and key not in names:
            raise BadAnswer(f"{path}: there is no column {key}", hint="every record needs its id")
        needed = (*ESSENTIAL.get(table, ()), *OF_A_FILE.get(table, ()))
        if missing := [name for name in needed if name in columns and name not in names]:
            raise BadAnswer(
                f"{path}: there is no column {', '.join(missing)}", hint=f"add it, {table} mean nothing without it"
            )
        written = self._outputs[TARGETS[table]].columns if table in TARGETS else ()
        return tuple(name for name in columns if name in names or name in written)

    def _deliver(
        self, table: Table, columns: tuple[str, ...], deliver: Callable[[Page], None], progress: Progress
    ) -> int:
        done = 0
        for batch in self._overlaid(table, columns):
            deliver(Page(table, {name: batch.column(name).to_pylist() for name in columns}))
            done += batch.num_rows
            progress(f"read {table}", done)
        progress(f"read {table}", done, done)
        return done

    def _overlaid(self, table: Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the asked columns, with what we wrote in place of what the table says."""
        path = tables.find(self._folder, table)
        if path is None:
            return
        written = self._outputs[TARGETS[table]] if table in TARGETS else None
        own = tables.header(path)
        key = KEY.get(table)
        ids: list[pa.Array] = []
        for batch in tables.batches(path, [name for name in own if name in columns or name == key]):
            ids += [batch.column(key)] if key else []
            yield _overlay(batch, columns, key, written) if written and key else batch.select(list(columns))
        _check_keys(ids, key, path)

    def _known(self, target: Target) -> frozenset[str]:
        if target not in self._ids:
            key = KEY[TABLES[target]]
            ids = (batch.column(key).to_pylist() for batch in self._overlaid(TABLES[target], (key,)))
            self._ids[target] = frozenset(record for batch in ids for record in batch)
        return self._ids[target]


def _asked(request: PullRequest) -> Iterator[tuple[Table, Sequence[str]]]:
    return ((table, columns) for table, columns in request.columns.items() if table not in LINKS)


def _check_keys(ids: list[pa.Array], key: str | None, path: Path) -> None:
    """Raise BadAnswer unless every record has an id of its own."""
    together = pa.chunked_array(ids, pa.string())
    if together.null_count:
        raise BadAnswer(f"{path}: a row has no {key}", hint="every record needs its id")
    if len(together.unique()) < len(together):
        twice = next(count["values"] for count in together.value_counts().to_pylist() if count["counts"] > 1)
        raise BadAnswer(f"{path}: {key} {twice} stands twice", hint="every record stands once")


def _overlay(batch: pa.RecordBatch, columns: Sequence[str], key: str, written: Outputs) -> pa.RecordBatch:
    ids = batch.column(key).to_pylist()
    rows = [written.rows.get(record) for record in ids]
    arrays = []
    for name in columns:
        own = batch.column(name).to_pylist() if name in batch.schema.names else [None] * len(ids)
        values = (
            own
            if name not in written.columns
            else [mine if row is None or name not in row else row[name] for row, mine in zip(rows, own, strict=True)]
        )
        arrays.append(pa.array(values, pa.string()))
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))
