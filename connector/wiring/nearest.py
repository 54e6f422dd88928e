"""The nearest change that would give an account another tier: searched on paper, then proved on the population."""

from __future__ import annotations

import tempfile
from bisect import insort
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from connector.model.fields import Table
from connector.model.outputs import TIER
from connector.model.verdicts import NOT_APPLICABLE, State
from connector.rules.cells import IDLE, UNKNOWN, half_up
from connector.rules.python import Frame
from connector.rules.reading import Unreadable, read_cell
from connector.rules.ruleset import Of, RankOf
from connector.rules.tree import Name
from connector.rules.whatif import WhatIf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.model.verdicts import Explanation
    from connector.ports import Engine, Evaluation, EvaluationRequest
    from connector.rules.cells import Cell
    from connector.rules.ruleset import Node, Ranking, RuleSet

DEAL = "tiersync-what-if"
TRIES = (Decimal(1), Decimal("1.02"), Decimal("1.25"), Decimal(2))
"""Others may move along (a group's lines, an average): a little more then proves what the search found."""


def nearest(
    engine: Engine, evaluation: Evaluation, request: EvaluationRequest, found: Explanation
) -> dict[str, Any] | None:
    """Find the least revenue, more or less, that gives another tier; None when no amount does, or none is proved.

    `evaluation` keeps all values and is still open. Revenue is a deal won on the day itself.
    """
    rules = evaluation.rules
    node = next((o.node for o in rules.outputs if o.output.name == TIER and o.node), None)
    if node is None:
        return None
    question = _question(evaluation, request, found, node)
    bare = _tier_alone(rules)
    amounts = [amount for up in (True, False) if (amount := question.least(up=up)) is not None]
    for amount in sorted(amounts, key=abs):
        for factor in TRIES:
            tried = half_up(amount * factor, 2)
            tier = _applied(engine, bare, request, found.verdict.account, tried)
            if tier is not None and tier != found.verdict.values.get(TIER):
                return {"revenue": f"{tried:f}", "tier": tier}
    return None


def _question(evaluation: Evaluation, request: EvaluationRequest, found: Explanation, tier: str) -> WhatIf:
    rules = evaluation.rules
    nodes = {node.name: node for node in rules.nodes}
    zone = ZoneInfo(request.time_zone)
    cells = {v.name: _cell(v.state, v.value, nodes[v.name], zone) for v in found.nodes if v.name in nodes}
    frame = Frame(request.as_of, rules.parameters, request.language, request.home_currency, rules.version)
    return WhatIf(rules, frame, cells, _others(evaluation, found.verdict.account), tier)


def _cell(state: State, text: str | None, node: Node, zone: ZoneInfo) -> Cell:
    if state is not State.KNOWN:
        return IDLE if state is State.OFF else UNKNOWN
    try:
        return read_cell(text, node.type, time_zone=zone)
    except Unreadable:
        return UNKNOWN


def _others(evaluation: Evaluation, account: str) -> dict[str, list[Decimal]]:
    """The values everybody else is ranked by, ascending, per ranking; a group counts once."""
    nodes = {node.name: node for node in evaluation.rules.nodes}
    rankings = {
        n.definition.ranking.name: (n.of, n.definition.ranking)
        for n in nodes.values()
        if isinstance(n.definition, RankOf)
    }
    named = {name: ranked for name, ranked in rankings.items() if isinstance(ranked[1].by, Name)}
    columns = sorted({c for _, ranking in named.values() for c in _columns(ranking)})
    rows = list(evaluation.values(columns))
    mine = next((row.group for row in rows if row.account == account), None)
    found: dict[str, list[Decimal]] = {}
    for name, (of, ranking) in named.items():
        values: list[Decimal] = []
        seen: set[int] = set()
        for row in rows:
            skipped = row.group == mine if of is Of.GROUP else row.account == account
            if skipped or (of is Of.GROUP and row.group in seen):
                continue
            seen.add(row.group)
            if (value := _value(ranking, row.values)) is not None:
                insort(values, value)
        found[name] = values
    return found


def _columns(ranking: Ranking) -> list[str]:
    return [e.name for e in (ranking.by, ranking.among) if isinstance(e, Name)]


def _value(ranking: Ranking, values: Mapping[str, str | None]) -> Decimal | None:
    among = ranking.among
    if isinstance(among, Name) and values.get(among.name) != "true":
        return None
    text = values.get(ranking.by.name) if isinstance(ranking.by, Name) else None
    return None if text is None or text == NOT_APPLICABLE else half_up(Decimal(text), 2)


def _tier_alone(rules: RuleSet) -> RuleSet:
    """The rules with nothing to tell but the tier, which saves the proof two thirds of its work."""
    return replace(rules, outputs=tuple(o for o in rules.outputs if o.output.name == TIER), warnings={})


def _applied(engine: Engine, rules: RuleSet, request: EvaluationRequest, account: str, amount: Decimal) -> str | None:
    """The account's tier when it really has won one more deal of this amount today."""
    with tempfile.TemporaryDirectory(prefix="tiersync-") as folder:
        changed = replace(request, files=_files(Path(folder), rules, request, account, amount), keep_all=False)
        with closing(engine.evaluate(rules, changed, lambda *_: None)) as evaluation:
            return next((v.values.get(TIER) for v in evaluation.verdicts() if v.account == account), None)


def _files(
    folder: Path, rules: RuleSet, request: EvaluationRequest, account: str, amount: Decimal
) -> Mapping[Table, tuple[Path, ...]]:
    day = request.as_of.isoformat()
    deal = {
        "deal_id": DEAL,
        "account_id": account,
        "is_won": "true",
        "is_closed": "true",
        "amount": f"{amount:f}",
        "close_date": day,
        "pipeline": _pipeline(rules),
    }
    files = dict(request.files)
    files[Table.DEALS] = _with_row(folder, request.files[Table.DEALS], deal)
    if Table.DEAL_ACCOUNTS in files:
        link = {"from_id": DEAL, "account_id": account, "primary": "true"}
        files[Table.DEAL_ACCOUNTS] = _with_row(folder, files[Table.DEAL_ACCOUNTS], link)
    return files


def _pipeline(rules: RuleSet) -> str | None:
    told = rules.parameters.get("sales_pipelines")
    return str(told.value[0]) if told and isinstance(told.value, tuple) and told.value else None


def _with_row(folder: Path, files: Sequence[Path], row: Mapping[str, str | None]) -> tuple[Path, ...]:
    """The files with one more of one row, in the columns they have."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(name for file in files for name in pq.read_schema(file).names))
    path = folder / files[0].name
    pq.write_table(pa.table({name: pa.array([row.get(name)], pa.string()) for name in names}), path)
    return (*files, path)
