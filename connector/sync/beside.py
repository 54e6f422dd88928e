"""Tables beside the CRM in a run: read whole before the CRM is asked, matched when the rules are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import BESIDE
from connector.model.runs import Reason
from connector.ports import Beside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from connector.ports import Evaluation, Join, Read, Snapshot, SnapshotDraft
    from connector.sync.going import Going

TOO_OLD = "TABLE_TOO_OLD"


def read_tables(going: Going, draft: SnapshotDraft) -> dict[str, Read]:
    """Read every table the rules use into the draft; any that cannot be read whole raises, and nothing is kept."""
    made: dict[str, Read] = {}
    known = going.parts.rules.tables
    for table in going.parts.beside:
        if table.name not in known:
            continue

        def deliver(columns: Mapping[str, Sequence[str | None]], name: str = table.name) -> None:
            going.may_go_on()
            draft.add_beside(name, columns)

        made[table.name] = table.read(tuple(known[table.name]), deliver, going.parts.progress)
    return made


def joined(
    snapshot: Snapshot, joins: Mapping[str, Join], *, as_of: date, before: Snapshot | None = None
) -> dict[str, Beside]:
    """Say how the tables of a snapshot are matched, and which are too old on `as_of`."""
    found: dict[str, Beside] = {}
    for name, table in snapshot.beside.items():
        if name in joins:
            join, earlier = joins[name], before.beside.get(name) if before else None
            found[name] = Beside(
                files=table.files,
                match=join.match,
                columns=join.columns,
                before=earlier.files if earlier else (),
                too_old=join.too_old(table.made_on, as_of),
                made_on=table.made_on,
            )
    return found


def tell_matched(going: Going, evaluation: Evaluation, beside: Mapping[str, Beside]) -> None:
    """Count into the run's figures what was matched; a table that is too old is a reason people hear of."""
    for table in evaluation.matched:
        going.figures.update({f"{BESIDE}{table.name}.{name}": count for name, count in table.counts().items()})
        if table.too_old:
            made_on = beside[table.name].made_on
            message = f"tables.{table.name}: its data are of {made_on}, too old; what is read from it counts as missing"
            going.partial(Reason(TOO_OLD, message))
