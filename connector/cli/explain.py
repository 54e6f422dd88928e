"""`explain`: why one account is what it is, and what would change it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from itertools import groupby
from textwrap import fill, shorten
from typing import Annotated, Any

import typer

from connector.cli.call import Call, shared
from connector.cli.tables import print_table
from connector.model.fields import Type
from connector.model.numbers import day, spelled
from connector.model.outputs import LEVEL, NOTHING, TIER, Labels
from connector.model.texts import Texts, one_line

NUMBER = re.compile(r"-?\d+(\.\d+)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
WIDEST = 28
SENTENCES = ("seg_reason", "seg_action_text", "seg_explanation")
INPUTS = frozenset({"field", "fact"})
FOLD = ("warning.", "missing.", "_")
"""What the head of the page tells already, and names that the rules made by themselves."""


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain", rich_help_panel="Look back")(shared(explain))


def explain(
    call: Call, *, account: Annotated[str, typer.Argument(metavar="ACCOUNT", help='Its id in the CRM, or "name:TEXT".')]
) -> int:
    """Tell every input, rule and threshold behind one account, and the nearest change that gives it another tier."""
    from connector.wiring.explaining import explain as behind

    wiring = call.wiring()
    with call.progress() as progress:
        found = behind(wiring, account, progress)
    if call.json:
        call.document(found)
    else:
        show_explanation(found, wiring.labels)
    return 0


def show_explanation(found: dict[str, Any], labels: Labels) -> None:
    """Print one account: its outputs and sentences, what the next level needs, then every value by rule file."""
    texts, currency = Texts("connector.cli", labels.language), str(found["home_currency"])
    head = texts.say("explain.head", as_of=_figure(str(found["as_of"]), texts), rules=found["rule_version"])
    typer.echo(f"{one_line(found['name'] or NOTHING)} ({found['account']}), {head}")
    told = {name: value for name, value in found["outputs"].items() if value is not None and name not in SENTENCES}
    print_table(
        ("", ""),
        [(labels.property(name), _shown(labels, name, value, texts, currency)) for name, value in told.items()],
    )
    for name in SENTENCES:
        if sentence := found["outputs"].get(name):
            typer.echo(
                "\n".join(["", labels.property(name), *(f"  {one_line(line)}" for line in sentence.split("\n"))])
            )
    if found["warnings"]:
        typer.echo("\n" + texts.say("explain.warnings", codes=", ".join(found["warnings"])))
    if change := found["nearest"]:
        revenue, tier = Decimal(change["revenue"]), labels.value(TIER, change["tier"])
        amount = _money(str(abs(revenue)), texts, currency)
        typer.echo("\n" + texts.say("explain.more" if revenue > 0 else "explain.less", amount=amount, tier=tier))
    _tell_lines(found["lines"], texts, labels, currency)
    for file, values in _by_file(found["values"]):
        _tell_values(file, values, texts)


def _shown(labels: Labels, name: str, value: str, texts: Texts, currency: str) -> str:
    output = labels.outputs.get(name)
    if output is not None and output.type is Type.MONEY:
        return _money(value, texts, currency)
    if name == "seg_rule_version":
        return value
    return ", ".join(_figure(labels.value(name, part), texts) for part in value.split(";"))


def _tell_lines(lines: list[dict[str, Any]], texts: Texts, labels: Labels, currency: str) -> None:
    if lines:
        typer.echo("\n" + texts.say("explain.lines"))
    for line in lines:
        figures = {name: _amount(line, name, texts, currency) for name in ("line", "value", "more")}
        band = labels.value(LEVEL, line["band"])
        typer.echo("  " + texts.say("explain.line", band=band, by=line["meaning"] or line["by"], **figures))


def _amount(line: Mapping[str, Any], name: str, texts: Texts, currency: str) -> str:
    return _money(line[name], texts, currency) if line["money"] else _figure(line[name], texts)


def _money(amount: str, texts: Texts, currency: str) -> str:
    from connector.rules.wording import cents

    return cents(Decimal(amount), texts.language, currency)


def _by_file(values: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The values of each rule file in the order of its lines; what the rules derived by themselves is not theirs."""
    placed = [(*value["at"].split(":"), value) for value in values if value["at"] and _worth_telling(value)]
    for file, mine in groupby(sorted(placed, key=lambda item: (item[0], int(item[1]))), key=lambda item: item[0]):
        yield file, [value for _, _, value in mine]


def _worth_telling(value: Mapping[str, Any]) -> bool:
    told = value["name"] in SENTENCES or value["name"].startswith(FOLD)
    return not told and value["state"] != "not applicable"


def _tell_values(file: str, values: Sequence[dict[str, Any]], texts: Texts) -> None:
    typer.echo(f"\n{file}")
    known = [value for value in values if value["state"] == "known"]
    width = min(max((len(value["name"]) for value in known), default=0), WIDEST)
    for value in known:
        line = value["at"].rpartition(":")[2]
        beside = ", ".join(f"{name} {_threshold(shown, texts)}" for name, shown in value["thresholds"].items())
        text = f"  {line:>4}  {value['name']:{width}}  {_figure(one_line(value['value']), texts)}"
        typer.echo(text + (f"   [{beside}]" if beside else "") + _source(value, texts))
    for title, kinds in (("explain.empty", {"field"}), ("explain.unknown", {"fact", "value", "rank", "population"})):
        names = [_empty(value) for value in values if value["state"] == "unknown" and value["kind"] in kinds]
        if names:
            told = texts.say(title, names=", ".join(names))
            typer.echo(fill(told, width=100, initial_indent=" " * 8, subsequent_indent=" " * 10))


def _source(value: Mapping[str, Any], texts: Texts) -> str:
    """Where an input comes from; what the rules compute is told by its rule."""
    found = "; ".join(_said(one) for one in value["sources"]) if value["kind"] in INPUTS else ""
    return "   " + texts.say("explain.source", what=found) if found else ""


def _empty(value: Mapping[str, Any]) -> str:
    """A name, and of a field where somebody can fill it in."""
    places = dict.fromkeys(place for source in value["sources"] for place in source["fields"])
    return f"{value['name']} ({', '.join(places)})" if value["kind"] == "field" and places else str(value["name"])


def _said(source: Mapping[str, Any]) -> str:
    fields, where = ", ".join(source["fields"]), source["where"]
    return str(source["over"]) + (f": {fields}" if fields else "") + (f" ({where})" if where else "")


def _figure(text: str, texts: Texts) -> str:
    """A number, a day or a truth as the language writes it, numbers exact; other texts as they are."""
    if text.lower() in {"true", "false"}:
        return texts.say("explain.yes" if text.lower() == "true" else "explain.no")
    if DAY.fullmatch(text):
        with suppress(ValueError):  # 2026-02-30 is no day: it stays as somebody wrote it
            return day(date.fromisoformat(text), texts.language)
    return spelled(f"{Decimal(text):,}", texts.language) if NUMBER.fullmatch(text) else text


def _threshold(shown: object, texts: Texts) -> str:
    if shown is None:
        return texts.say("explain.unset")
    return shorten(_figure(str(shown), texts), width=40, placeholder=" …")
