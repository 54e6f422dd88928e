"""`explain`: why one account is what it is, and what would change it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from textwrap import fill, shorten
from typing import Annotated, Any

import typer

from connector.cli.call import Call, shared
from connector.cli.tables import print_table
from connector.model.outputs import NOTHING, Labels

NUMBER = re.compile(r"-?\d+(\.\d+)?")
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
SWAPPED = str.maketrans(",.", ".,")
WIDEST = 28
SENTENCES = ("seg_reason", "seg_action_text", "seg_explanation")
FOLD = ("warning.", "missing.")
"""What the head of the page tells already."""
WORDS = {
    "en": {
        "as_of": "as of {as_of}, rules {rules}",
        "warnings": "Warnings",
        "more": "With {amount} more won today it would be: {tier}",
        "less": "With {amount} credited today it would be: {tier}",
        "lines": "What is needed for the next level",
        "line": "{band} begins above {line}: {more} more than {value} ({by})",
        "empty": "not filled in: ",
        "unknown": "not decidable: ",
        "unset": "not set",
        "true": "yes",
        "false": "no",
        "day": "{0}-{1}-{2}",
        "point": ".",
    },
    "nl": {
        "as_of": "peildatum {as_of}, regels {rules}",
        "warnings": "Waarschuwingen",
        "more": "Met {amount} extra gewonnen vandaag wordt het: {tier}",
        "less": "Met {amount} gecrediteerd vandaag wordt het: {tier}",
        "lines": "Wat er nodig is voor het volgende niveau",
        "line": "{band} begint boven {line}: {more} meer dan {value} ({by})",
        "empty": "niet ingevuld: ",
        "unknown": "niet te bepalen: ",
        "unset": "niet ingesteld",
        "true": "ja",
        "false": "nee",
        "day": "{2}-{1}-{0}",
        "point": ",",
    },
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
        show_explanation(found, wiring.labels)
    return 0


def show_explanation(found: dict[str, Any], labels: Labels) -> None:
    """Print one account: its outputs and sentences, what the next level needs, then every value by rule file."""
    words = WORDS[labels.language]
    head = words["as_of"].format(as_of=_figure(str(found["as_of"]), words), rules=found["rule_version"])
    typer.echo(f"{found['name'] or NOTHING} ({found['account']}), {head}")
    told = {name: value for name, value in found["outputs"].items() if value is not None and name not in SENTENCES}
    print_table(("", ""), [(labels.property(name), _shown(labels, name, value)) for name, value in told.items()])
    for name in SENTENCES:
        if sentence := found["outputs"].get(name):
            typer.echo(f"\n{labels.property(name)}\n  " + sentence.replace("\n", "\n  "))
    if found["warnings"]:
        typer.echo(f"\n{words['warnings']}: " + ", ".join(found["warnings"]))
    if change := found["nearest"]:
        revenue, tier = Decimal(change["revenue"]), labels.value("seg_tier", change["tier"])
        amount = _figure(f"{abs(revenue):.2f}", words)
        typer.echo("\n" + words["more" if revenue > 0 else "less"].format(amount=amount, tier=tier))
    _tell_lines(found["lines"], words, labels)
    for file, values in _by_file(found["values"]):
        _tell_values(file, values, words)


def _shown(labels: Labels, name: str, value: str) -> str:
    if name == "seg_rule_version":
        return value
    return ", ".join(_figure(labels.value(name, part), WORDS[labels.language]) for part in value.split(";"))


def _tell_lines(lines: list[dict[str, Any]], words: Mapping[str, str], labels: Labels) -> None:
    if lines:
        typer.echo(f"\n{words['lines']}")
    for line in lines:
        figures = {name: _figure(line[name], words) for name in ("line", "value", "more")}
        band = labels.value("seg_pyramid_level", line["band"])
        typer.echo("  " + words["line"].format(band=band, by=line["by"], **figures))


def _by_file(values: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The values of each rule file in the order of its lines; what the rules derived by themselves is not theirs."""
    placed = [(*value["at"].split(":"), value) for value in values if value["at"] and _worth_telling(value)]
    for file, mine in groupby(sorted(placed, key=lambda item: (item[0], int(item[1]))), key=lambda item: item[0]):
        yield file, [value for _, _, value in mine]


def _worth_telling(value: Mapping[str, Any]) -> bool:
    told = value["name"] in SENTENCES or value["name"].startswith(FOLD)
    return not told and value["state"] != "not applicable"


def _tell_values(file: str, values: Sequence[dict[str, Any]], words: Mapping[str, str]) -> None:
    typer.echo(f"\n{file}")
    known = [value for value in values if value["state"] == "known"]
    width = min(max((len(value["name"]) for value in known), default=0), WIDEST)
    for value in known:
        line = value["at"].rpartition(":")[2]
        beside = ", ".join(f"{name} {_threshold(shown, words)}" for name, shown in value["thresholds"].items())
        text = f"  {line:>4}  {value['name']:{width}}  {_figure(value['value'], words)}"
        typer.echo(text + (f"   [{beside}]" if beside else ""))
    for title, kinds in (("empty", {"field"}), ("unknown", {"fact", "value", "rank", "population"})):
        names = [value["name"] for value in values if value["state"] == "unknown" and value["kind"] in kinds]
        if names:
            typer.echo(
                fill(words[title] + ", ".join(names), width=100, initial_indent=" " * 8, subsequent_indent=" " * 10)
            )


def _figure(text: str, words: Mapping[str, str]) -> str:
    """A number, a day or a truth as the language writes it, numbers exact; other texts as they are."""
    if text.lower() in {"true", "false"}:
        return words[text.lower()]
    if day := DAY.fullmatch(text):
        return words["day"].format(*day.groups())
    if not NUMBER.fullmatch(text):
        return text
    written = f"{Decimal(text):,}"
    return written.translate(SWAPPED) if words["point"] == "," else written


def _threshold(shown: object, words: Mapping[str, str]) -> str:
    return words["unset"] if shown is None else shorten(_figure(str(shown), words), width=40, placeholder=" …")
