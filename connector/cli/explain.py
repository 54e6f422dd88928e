"""`explain`: why one account is what it is, and what would change it."""

from typing import Annotated, Any

import typer

from connector.cli.call import Call, shared
from connector.cli.tables import print_table
from connector.model.outputs import NOTHING, Labels

SENTENCES = ("seg_reason", "seg_action_text", "seg_explanation")
KINDS = {
    "field": "Fields",
    "fact": "Facts",
    "population": "Population",
    "rank": "Rankings",
    "value": "Values and rules",
}


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain", rich_help_panel="Look back")(shared(explain))


def explain(
    call: Call, *, account: Annotated[str, typer.Argument(metavar="ACCOUNT", help='Its id in the CRM, or "name:TEXT".')]
) -> int:
    """Tell every input, rule and threshold behind one account, and how far the next level is."""
    wiring = call.wiring()
    with call.progress() as progress:
        found = wiring.explain(account, progress)
    if call.json:
        call.document(found)
    else:
        _tell(found, wiring.labels)
    return 0


def _tell(found: dict[str, Any], labels: Labels) -> None:
    typer.echo(
        f"{found['name'] or NOTHING} ({found['account']}), as of {found['as_of']}, rules {found['rule_version']}"
    )
    told = {name: value for name, value in found["outputs"].items() if value is not None and name not in SENTENCES}
    print_table(("", ""), [(labels.property(name), _shown(labels, name, value)) for name, value in told.items()])
    for name in SENTENCES:
        if sentence := found["outputs"].get(name):
            typer.echo(f"\n{labels.property(name)}\n  " + sentence.replace("\n", "\n  "))
    if found["warnings"]:
        typer.echo("\nWarnings: " + ", ".join(found["warnings"]))
    _tell_lines(found["lines"])
    for kind, title in KINDS.items():
        _tell_values(title, [value for value in found["values"] if value["kind"] == kind])


def _shown(labels: Labels, name: str, value: str) -> str:
    return ", ".join(labels.value(name, part) for part in value.split(";"))


def _tell_lines(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        typer.echo(
            f"\n{line['band']} begins above {line['line']}: {line['by']} is {line['value']}, {line['lacking']} lacking"
        )


def _tell_values(title: str, values: list[dict[str, Any]]) -> None:
    told = [value for value in values if value["state"] != "not applicable" and value["name"] not in SENTENCES]
    if told:
        typer.echo(f"\n{title}")
    for value in told:
        shown = value["value"] if value["state"] == "known" else f"({value['state']})"
        thresholds = ", ".join(f"{name} = {_or_nothing(threshold)}" for name, threshold in value["thresholds"].items())
        beside = f"   [{thresholds}]" if thresholds else ""
        typer.echo(f"  {value['name']} = {shown}{beside}   {value['at'] or ''}".rstrip())


def _or_nothing(threshold: object) -> str:
    return "not set" if threshold is None else str(threshold)
