"""The nearest change that would give an account another tier: searched on paper, then proved by applying it."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from connector.model.fields import Table
from connector.model.outputs import TIER
from connector.rules.cells import half_up
from connector.rules.python.canonical import canonical
from connector.rules.python.evaluate import Evaluator
from connector.rules.python.few import CannotTellError, others_stay
from connector.rules.python.standing import share_of
from connector.rules.python.whatif import WhatIf
from connector.rules.ruleset import Of, RankOf, needed
from connector.rules.tree import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connector.ports import Engine, Evaluation, EvaluationRequest
    from connector.rules.python.ranking import Board
    from connector.rules.ruleset import Node, OutputOf, RuleSet
    from connector.wiring.one import One

DEAL = "tiersync-what-if"
TRIES = (Decimal(1), Decimal("1.02"), Decimal("1.25"), Decimal(2))
"""Others may move along (a group's lines, an average): a little more then proves what the search found."""


def nearest(
    engine: Callable[[], Engine], one: One, everybody: tuple[RuleSet, EvaluationRequest]
) -> dict[str, Any] | None:
    """Find the least revenue, more or less, that gives another tier; None when no amount does, or none is proved.

    Revenue is a deal won on the day itself. `everybody` are the rules and the request of the whole population, which
    `engine` has to be asked of where others would move along.
    """
    output = next((o for o in one.rules.outputs if o.output.name == TIER and o.node), None)
    if output is None:
        return None
    question = WhatIf(one.rules, one.frame, one.cells, _others(one), output.node)
    amounts = [amount for up in (True, False) if (amount := question.least(up=up)) is not None]
    now, proof = canonical(one.cells[output.node], output.output), Proof(engine, one, output, everybody)
    for amount in sorted(amounts, key=abs):
        for factor in TRIES:
            tried = half_up(amount * factor, 2)
            tier = proof.tier_after(tried)
            if tier is not None and tier != now:
                return {"revenue": f"{tried:f}", "tier": tier}
    return None


def _others(one: One) -> dict[str, Board]:
    """The places of everybody else, per ranking; a group counts once."""
    found: dict[str, Board] = {}
    for node in one.rules.nodes:
        ranked = node.definition
        if isinstance(ranked, RankOf) and isinstance(ranked.ranking.by, Name) and ranked.ranking.name not in found:
            mine = [share_of(ranked.ranking, Evaluator(one.frame, one.few.cells[who])) for who in _own(one, node)]
            found[ranked.ranking.name] = one.standing.ranked[ranked.ranking.name].without(mine)
    return found


def _own(one: One, node: Node) -> list[str]:
    """Who of the population the account is."""
    return one.few.group[:1] if node.of is Of.GROUP else [one.few.account]


class Proof(Struct, frozen=True):
    """Applies a change and looks at the tier: with the account's own records, or with everybody's."""

    engine: Callable[[], Engine]
    one: One
    output: OutputOf
    everybody: tuple[RuleSet, EvaluationRequest]

    def tier_after(self, amount: Decimal) -> str | None:
        """The account's tier when it really has won one more deal of this amount today."""
        nodes = needed(self.one.rules.nodes, [self.output.node])
        if others_stay(nodes, was_referred=self.one.was_referred):
            with suppress(CannotTellError):
                return canonical(self.one.after(deal(self.one, amount), nodes)[self.output.node], self.output.output)
        rules, request = self.everybody
        with applied(self.engine(), _tier_alone(rules), request, deal(self.one, amount)) as evaluation:
            return next((v.values.get(TIER) for v in evaluation.verdicts() if v.account == self.one.few.account), None)


def _tier_alone(rules: RuleSet) -> RuleSet:
    """The rules with nothing to tell but the tier, which saves the proof two thirds of its work."""
    return replace(rules, outputs=tuple(o for o in rules.outputs if o.output.name == TIER), warnings={})


@contextmanager
def applied(
    engine: Engine, rules: RuleSet, request: EvaluationRequest, deal: Mapping[str, str | None]
) -> Iterator[Evaluation]:
    """The whole population evaluated with the deal."""
    with tempfile.TemporaryDirectory(prefix="tiersync-") as folder:
        changed = replace(request, files=_files(Path(folder), request, deal))
        with closing(engine.evaluate(rules, changed, lambda *_: None)) as evaluation:
            yield evaluation


def deal(one: One, amount: Decimal) -> dict[str, str | None]:
    """A deal won on the day itself, in the columns the deals have."""
    row = {
        "deal_id": DEAL,
        "is_won": "true",
        "is_closed": "true",
        "amount": f"{amount:f}",
        "close_date": one.request.as_of.isoformat(),
        "pipeline": _pipeline(one.rules),
    }
    there = one.available[Table.DEALS]
    return {name: text for name, text in row.items() if name in there} | {"account_id": one.few.account}


def _files(
    folder: Path, request: EvaluationRequest, deal: Mapping[str, str | None]
) -> Mapping[Table, tuple[Path, ...]]:
    files = dict(request.files)
    files[Table.DEALS] = _with_row(folder, request.files[Table.DEALS], deal)
    if Table.DEAL_ACCOUNTS in files:
        link = {"from_id": DEAL, "account_id": deal["account_id"], "primary": "true"}
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
