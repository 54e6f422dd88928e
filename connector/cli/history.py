"""`status`, `runs`, `runs show`: what happened, from the journal alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from connector.cli.audit import export, forget
from connector.cli.call import Call, shared
from connector.cli.tables import print_table
from connector.errors import ConnectorError
from connector.model.changes import Landed
from connector.model.outputs import NOTHING
from connector.model.texts import Texts

if TYPE_CHECKING:
    from connector.model.outputs import Labels

PANEL = "Look back"
COUNTS = ("changes", "written", "refused")
RECORD = ("account", "property", "old", "new", "cause", "outcome", "reason")
FIGURES = (
    *("evaluated", "active_customers", "changes", "written", "waiting", "kept", "refused", "quarantined"),
    *("gone", "unsettled", "settled", "unreadable", "requests"),
)
"""Figures of a run that people are shown, in this order; --json has all of them."""
PER_TABLE = ("pulled_", "rows_")
"""In front of a table's name: rows delivered by this pull, and rows the mirror holds since."""
RECORDS_SHOWN, WIDEST, ASIDE_SHOWN, HELD_SHOWN = 40, 60, 5, 5
WIDEST_WHY = 120
MINUTE, HOUR, TWO_DAYS = 60, 3_600, 48 * 3_600


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("status", rich_help_panel=PANEL)(shared(status))
    group = typer.Typer(help=runs.__doc__)
    group.callback(invoke_without_command=True)(shared(runs))
    group.command("show")(shared(show))
    group.command("export")(shared(export))
    group.command("forget")(shared(forget))
    app.add_typer(group, name="runs", rich_help_panel=PANEL)


def status(call: Call) -> int:
    """Tell the last good run and its age, the last run, all that is held, and what the CRM refused."""
    found = call.wiring().status()
    if call.json:
        call.document(found)
        return 0
    zone = ZoneInfo(call.wiring().settings.run.time_zone)
    print_table(("", ""), [(name, call.scrub(told)) for name, told in _standing(found, zone, call.texts)])
    for row in found["quarantine"][:ASIDE_SHOWN]:
        told = {name: row[name] for name in ("object", "record", "reason")}
        typer.echo("  " + call.scrub(call.texts.say("status.aside", **told, moment=_moment(row["next_try"], zone))))
    if (more := found["quarantined"] - ASIDE_SHOWN) > 0:
        typer.echo("  " + call.texts.say("status.aside.more", n=call.texts.number(more)))
    return 0


def _standing(found: Mapping[str, Any], zone: ZoneInfo, texts: Texts) -> Iterator[tuple[str, str]]:
    last, quota, overdue = found["last"], found["quota_left"], found["overdue_since"]
    yield texts.say("status.last_good"), _aged(found["last_good"], found["age_seconds"], texts)
    if overdue:
        yield texts.say("status.overdue"), texts.say("status.overdue.hint", moment=f"{overdue:%Y-%m-%d %H:%M %Z}")
    yield texts.say("status.last"), _last(last, texts) if last else texts.say("status.none")
    yield from zip(
        chain([texts.say("status.held")], repeat("")), _all_held(found["held_runs"], zone, texts), strict=False
    )
    aside = texts.number(found["quarantined"])
    yield texts.say("status.quarantined"), texts.say("status.quarantined.n", n=aside)
    if overrides := found["overrides"]:
        yield texts.say("status.overrides"), noted(overrides, texts)
    left = texts.say("status.quota.unknown") if quota is None else texts.say("status.quota.n", n=texts.number(quota))
    yield texts.say("status.quota"), left


def _last(last: Mapping[str, Any], texts: Texts) -> str:
    """Tell how the last run ended, and of one that failed in which words."""
    why = last["reasons"][-1]["message"] if last["outcome"] == "failed" and last["reasons"] else ""
    told = f" ({shorten(why, WIDEST_WHY, placeholder=' …')})" if why else ""
    return f"{last['run']}: {_ended(last, texts)}{told}"


def _all_held(held: Sequence[Mapping[str, Any]], zone: ZoneInfo, texts: Texts) -> Iterator[str]:
    """Tell every run that waits, the newest ones each with its own command."""
    for one in held[:HELD_SHOWN]:
        yield _held(one, zone, texts)
    if (more := len(held) - HELD_SHOWN) > 0:
        yield texts.say("status.aside.more", n=more)
    if not held:
        yield texts.say("status.nothing")


def _held(held: Mapping[str, Any], zone: ZoneInfo, texts: Texts) -> str:
    """Tell the held run and its day, the command that goes on, and until when it can be released."""
    key = "status.held.expired" if held["expired"] else "status.held.until"
    day = texts.say("status.ahead" if held["ahead"] else "status.day", day=held["as_of"] or NOTHING)
    return texts.say(key, run=held["run"], day=day, command=held["release"], moment=_moment(held["expires"], zone))


def noted(overrides: Mapping[str, int], texts: Texts) -> str:
    """Tell which overrides somebody should look at again."""
    return ", ".join(texts.say(f"override.{why}", n=texts.number(count)) for why, count in overrides.items())


def runs(call: Call, *, limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20) -> int:
    """List the runs, newest first; `runs show RUN` tells one with every outcome."""
    if call.subcommand:
        return 0
    found = call.wiring().runs(limit=limit)
    if call.json:
        call.document(found)
    else:
        texts, zone = call.texts, ZoneInfo(call.wiring().settings.run.time_zone)
        columns = [texts.say(f"column.{name}") for name in ("run", "command", "started", "outcome", *COUNTS)]
        print_table(columns, [_row(row, zone, texts) for row in found], right=columns[-len(COUNTS) :])
    return 0


def show(
    call: Call,
    *,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    every: Annotated[bool, typer.Option("--all", help="Every value, not only the first; --json has them all.")] = False,
) -> int:
    """Tell one run: its figures, its reasons, and its values with their outcome, those not written first."""
    texts, zone = call.texts, ZoneInfo(call.wiring().settings.run.time_zone)
    found = call.wiring().run(run, language=texts.language)
    if call.json:
        call.document(found)
        return 0
    typer.echo(f"{found['run']}: {found['command']}, {_ended(found, texts)}, {_moment(found['started'], zone)}")
    if found["released"]:
        typer.echo(f"  {_released(found['released'], zone, texts)}")
    for reason in found["reasons"]:
        typer.echo(f"  {reason['code']}: {reason['message']}")
    _show_figures(found["figures"], texts)
    records = sorted(found["records"], key=lambda record: record["outcome"] == Landed.WRITTEN)
    shown = records if every else records[:RECORDS_SHOWN]
    if shown:
        labels = _labels(call)
        print_table([texts.say(f"column.{name}") for name in RECORD], [_record(row, texts, labels) for row in shown])
    if more := len(records) - len(shown):
        typer.echo(texts.say("runs.more", n=texts.number(more)))
    return 0


def _released(told: Mapping[str, str], zone: ZoneInfo, texts: Texts) -> str:
    """Tell who released a plan, when and why."""
    who = told.get("who") or texts.say("runs.somebody")
    moment, reason = _moment(told["at"], zone), told["reason"] or NOTHING
    return texts.say("runs.released", by=told["by"], who=who, moment=moment, reason=reason)


def _show_figures(figures: Mapping[str, int], texts: Texts) -> None:
    """What was pulled beside what the mirror holds since, one line per table; then what became of it, zeros aside."""
    tables = sorted({name.removeprefix(kind) for name in figures for kind in PER_TABLE if name.startswith(kind)})
    if tables:
        columns = [texts.say(f"column.{name}") for name in ("table", "pulled", "mirror")]
        rows = [(table, *(_counted(figures.get(kind + table), texts) for kind in PER_TABLE)) for table in tables]
        print_table(columns, rows, right=columns[1:])
    told = [name for name in FIGURES if figures.get(name)]
    if told:
        print_table(("", ""), [(texts.say(f"figure.{name}"), texts.number(figures[name])) for name in told])


def _counted(figure: int | None, texts: Texts) -> str:
    return NOTHING if figure is None else texts.number(figure)


def _labels(call: Call) -> "Labels | None":
    """What properties and values are called; None where the rules cannot be read any more."""
    try:
        return call.wiring().labels
    except ConnectorError:
        return None


def _row(row: Mapping[str, Any], zone: ZoneInfo, texts: Texts) -> Sequence[str]:
    return (
        row["run"],
        row["command"],
        _moment(row["started"], zone),
        _ended(row, texts),
        *(texts.number(row[name]) for name in COUNTS),
    )


def _record(record: Mapping[str, Any], texts: Texts, labels: "Labels | None") -> Sequence[str]:
    """One value for people: labels where the rules still have them, long values cut, the reason whole."""
    told = dict(record)
    told["cause"] = Texts("connector.planning", texts.language).name("cause", record["cause"])
    told["outcome"] = texts.name("outcome", record["outcome"])
    if labels is not None:
        told["property"] = labels.property(record["property"])
        told |= {name: labels.value(record["property"], record[name]) for name in ("old", "new")}
    cells = {name: NOTHING if told[name] is None else str(told[name]) for name in RECORD}
    return [cell if name == "reason" else shorten(cell, WIDEST, placeholder=" …") for name, cell in cells.items()]


def _ended(row: Mapping[str, Any], texts: Texts) -> str:
    return texts.name("outcome", row["outcome"]) if row["outcome"] else texts.say("runs.going")


def _moment(iso: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _aged(run: str | None, seconds: int | None, texts: Texts) -> str:
    if run is None or seconds is None:
        return texts.say("status.none")
    if seconds < -MINUTE:
        return texts.say("ago.ahead", run=run)
    if seconds < 2 * HOUR:
        minutes = max(0, seconds) // MINUTE
        return texts.say(f"ago.minute.{'one' if minutes == 1 else 'other'}", run=run, n=minutes)
    unit, size = ("hour", HOUR) if seconds < TWO_DAYS else ("day", 24 * HOUR)
    return texts.say(f"ago.{unit}", run=run, n=seconds // size)
