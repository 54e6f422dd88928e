"""One account explained: every input, rule and threshold behind its verdict, and how far the next level is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError, UsageError
from connector.model.fields import Table, Type
from connector.model.texts import one_line
from connector.model.verdicts import State
from connector.ports import EvaluationRequest
from connector.rules.expressions import expressions
from connector.rules.origins import parameter_of, stands_for
from connector.rules.ruleset import FROM_CRM, FactOf, FieldOf, FormulaOf, Part, PopulationOf, RankOf
from connector.rules.tree import Name, Param
from connector.rules.walk import walk
from connector.settings.model import Salesforce
from connector.wiring.kept_rules import kept_rules
from connector.wiring.looking import current
from connector.wiring.nearest import nearest
from connector.wiring.one import one
from connector.wiring.origins import Sources
from connector.wiring.standing import standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.model.verdicts import Explanation, NodeValue
    from connector.ports import Progress, Snapshot
    from connector.rules.ruleset import Definition, Node, RuleSet
    from connector.wiring import Wiring

BY_NAME = "name:"
NAMES_SHOWN = 10
KINDS = {FieldOf: "field", FactOf: "fact", FormulaOf: "value", PopulationOf: "population", RankOf: "rank"}


def explain(wiring: Wiring, wanted: str, progress: Progress) -> dict[str, Any]:
    """Explain an account of the mirror by its id or `name:TEXT`; raises UsageError when it is not exactly one."""
    snapshot = current(wiring)
    if snapshot is None:
        raise ConnectorError("nothing was pulled yet", hint="`tiersync pull` fills the mirror")
    known = kept_rules(wiring, snapshot)
    wiring.rules = known.rules
    account = _by_name(snapshot, wanted.removeprefix(BY_NAME)) if wanted.startswith(BY_NAME) else own_id(wiring, wanted)
    run = wiring.settings.run
    request = EvaluationRequest(
        files=snapshot.files,
        as_of=wiring.as_of,
        time_zone=run.time_zone,
        home_currency=run.home_currency,
        language=wiring.language,
        beside=wiring.joined(snapshot, as_of=wiring.as_of) if snapshot.beside else {},
    )
    found = one(wiring.rules, request, standing(wiring, snapshot, request, progress), account)
    if found is None:
        text = account.strip() or "TEXT"
        hint = f'its id in the CRM, or a part of its name: tiersync explain "name:{text}"'
        raise UsageError(f"there is no account {account!r} in the mirror", hint=hint)
    change = nearest(lambda: wiring.engine, found, (wiring.rules, request))
    return document(wiring, found.explanation(), Sources(known.origins, wiring.settings)) | {"nearest": change}


def own_id(wiring: Wiring, wanted: str) -> str:
    """The id as the mirror has it: Salesforce also shows ids of 15 characters."""
    if not isinstance(wiring.settings.crm, Salesforce):
        return wanted
    from connector.crm.salesforce.soql import full_id

    return full_id(wanted)


def _by_name(snapshot: Snapshot, text: str) -> str:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not text.strip():
        raise UsageError("every name holds nothing", hint="a part of a name stands after name:")
    found: list[dict[str, str]] = []
    for file in snapshot.files[Table.ACCOUNTS]:
        if "name" not in pq.read_schema(file).names:
            continue
        rows = pq.read_table(file, columns=["account_id", "name"])
        found += rows.filter(pc.match_substring(rows.column("name"), text, ignore_case=True)).to_pylist()
    exact = [row for row in found if row["name"].lower() == text.lower()]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]["account_id"]
    if not found:
        raise UsageError(f"no account has {text!r} in its name", hint="`tiersync pull` refreshes the mirror")
    listed = "\n".join(f"  {row['account_id']}  {one_line(row['name'])}" for row in found[:NAMES_SHOWN])
    raise UsageError(f"{len(found)} accounts have {text!r} in their name:\n{listed}", hint="give the id of one")


def document(wiring: Wiring, found: Explanation, sources: Sources) -> dict[str, Any]:
    """What is told of an account, its values in the order of the rules."""
    nodes = {node.name: node for node in wiring.rules.nodes}
    values = {value.name: value for value in found.nodes}
    return {
        "account": found.verdict.account,
        "name": found.name,
        "as_of": wiring.as_of,
        "rule_version": wiring.rules.version,
        "home_currency": wiring.settings.run.home_currency,
        "outputs": dict(found.verdict.values),
        "warnings": list(found.verdict.warnings),
        "values": [
            _told(wiring, nodes, value) | {"sources": sources.of(value.name)}
            for name in nodes
            if (value := values.get(name)) is not None
        ],
        "lines": list(_lines(wiring, values)),
        "not_configured": dict(found.not_configured),
    }


def _told(wiring: Wiring, nodes: Mapping[str, Node], value: NodeValue) -> dict[str, Any]:
    node = nodes[value.name]
    return {
        "name": node.name,
        "kind": "field" if f"{FROM_CRM}{node.name}" in nodes else KINDS[type(node.definition)],
        "model": node.model or None,
        "meaning": node.meaning.get(wiring.language),
        "state": value.state,
        "value": value.value,
        "from": node.definition.column if isinstance(node.definition, FieldOf) else list(node.depends),
        "thresholds": _thresholds(wiring.rules, node.definition),
        "at": f"{Path(node.at.file).name}:{node.at.line}" if node.at.file else None,
    }


def _thresholds(rules: RuleSet, definition: Definition) -> dict[str, Any]:
    """Return the parameters a definition compares with, by name."""
    named = {part.name for root in expressions(definition) for part in walk(root) if isinstance(part, Param)}
    return {name: _written(rules.parameters[name].value) for name in sorted(named) if name in rules.parameters}


def _written(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _lines(wiring: Wiring, values: Mapping[str, NodeValue]) -> Iterator[dict[str, Any]]:
    """Yield the lines of the rankings above this account, and how much more it takes to reach them."""
    nodes, chosen = {node.name: node for node in wiring.rules.nodes}, parameter_of(wiring.rules.parameters)
    for node in nodes.values():
        ranked = node.definition
        if not isinstance(ranked, RankOf) or ranked.part is not Part.LINE or not isinstance(ranked.ranking.by, Name):
            continue
        line, own = values.get(node.name), values.get(ranked.ranking.by.name)
        if line is None or own is None or State.KNOWN not in {line.state} & {own.state}:
            continue
        more = Decimal(line.value or 0) - Decimal(own.value or 0)
        if more > 0:
            by = stands_for(nodes, own.name, chosen)
            yield {
                "band": ranked.band,
                "by": own.name,
                "meaning": by.meaning.get(wiring.language),
                "money": by.type is Type.MONEY,
                "line": line.value,
                "value": own.value,
                "more": str(more),
            }
