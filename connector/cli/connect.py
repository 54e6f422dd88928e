"""`doctor` and `provision`: is the CRM ready, and make it ready."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.call import Call, shared
from connector.errors import ConnectorError, UsageError

if TYPE_CHECKING:
    from connector.model.outputs import Output
    from connector.ports import Finding, ProvisionStep
    from connector.wiring import Wiring

PANEL = "Connect"
COLOURS = {"good": "green", "warning": "yellow", "bad": "red", "unchecked": "cyan"}


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("doctor", rich_help_panel=PANEL)(shared(doctor))
    app.command("provision", rich_help_panel=PANEL)(shared(provision))


def doctor(call: Call) -> int:
    """Check connection, scopes, fields, options, quota, clock and state: one line each, with the fix."""
    wiring = call.wiring()
    found = []
    for finding in _findings(wiring):
        found.append(finding)
        if not call.json:
            _show(call, finding)
    bad = any(finding.level == "bad" for finding in found)
    if call.json:
        names = ("level", "subject", "message", "fix")
        rows = [{name: _told(call, getattr(f, name)) for name in names} for f in found]
        call.document({"outcome": "failed" if bad else "ok", "findings": rows})
    return 1 if bad else 0


def _findings(wiring: "Wiring") -> Iterator["Finding"]:
    """Our own findings, then the CRM's; an error of the CRM is one more finding, wrong settings are not."""
    from connector.ports import Finding
    from connector.wiring.findings import findings, tenant

    yield from findings(wiring)
    try:
        yield from wiring.crm.doctor(wiring.pull_request, _expected(wiring))
        yield from tenant(wiring)
    except UsageError:
        raise
    except ConnectorError as error:
        yield Finding("bad", "connection", str(error), error.hint)


def _expected(wiring: "Wiring") -> Sequence["Output"]:
    """The outputs that should be there: of the models the CRM can feed, or all when it cannot be asked."""
    try:
        return wiring.configured_outputs
    except UsageError:
        raise
    except ConnectorError:
        return wiring.outputs


def _show(call: Call, finding: "Finding") -> None:
    sign = typer.style(call.texts.say(f"doctor.{finding.level}"), fg=COLOURS[finding.level])
    subject = call.texts.name("subject", finding.subject)
    typer.echo(f"{sign} {subject}: {_told(call, finding.message)}")
    if finding.fix:
        typer.echo(call.texts.say("doctor.fix", fix=_told(call, finding.fix)))


def _told(call: Call, text: str) -> str:
    """Return a text of a finding in the language of the settings; words of an error stay as they are."""
    return call.scrub(call.told(text))


def provision(
    call: Call,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made; make nothing.")] = False,
) -> int:
    """Make the missing properties and options in the CRM; never changes a type, never removes anything."""
    from connector.wiring.provisioning import provision as make

    steps = make(call.wiring(), dry_run=dry_run)
    refused = any(step.action == "refuse" for step in steps)
    if call.json:
        names = ("target", "property", "action", "detail")
        call.document(
            {
                "outcome": "failed" if refused else "ok",
                "dry_run": dry_run,
                "steps": [{name: getattr(step, name) for name in names} for step in steps],
            }
        )
    else:
        _show_steps(call, steps, dry_run=dry_run)
    return 1 if refused else 0


def _show_steps(call: Call, steps: Sequence["ProvisionStep"], *, dry_run: bool) -> None:
    texts = call.texts
    actions = {action: texts.say(f"provision.{action}") for action in ("create", "extend", "refuse")}
    width = max(map(len, actions.values())) + 2
    for step in steps:
        if step.action != "present":
            detail = f": {call.told(step.detail)}" if step.detail else ""
            typer.echo(f"{actions[step.action]:{width}} {step.target.value} {step.property}{detail}")
    counts, tense = Counter(step.action for step in steps), "would" if dry_run else "done"
    told_of = ("create", "extend", "present", "refuse")
    said = [texts.say(f"provision.{tense}.{action}", n=counts[action]) for action in told_of if counts[action]]
    typer.echo(", ".join(said) or texts.say("provision.nothing"))
