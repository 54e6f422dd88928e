"""The verdicts over one population: streams in the order of account ids, and figures of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.engine.answers import advice, changed, differences, explaining, lines, overridden, pictures
from connector.engine.tables.preparing import G, K
from connector.model.outputs import REVENUE, TIER
from connector.model.verdicts import PopulationFigures, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.engine.answers.published import Published
    from connector.engine.tables.beside import Attached
    from connector.model.outputs import Output
    from connector.model.pictures import AdvisedAccount, Override, Pictures
    from connector.model.runs import Reason
    from connector.model.verdicts import AccountContext, Difference, Explanation, KeptValues
    from connector.ports import Matched
    from connector.rules.trying.probes import Counted


class DuckDbEvaluation:
    """The port `Evaluation`."""

    def __init__(
        self,
        published: Published,
        unreadable: Sequence[Reason],
        matched: Sequence[Matched] = (),
        beside: Mapping[str, Attached] | None = None,
        *,
        lookalikes: Sequence[Reason] = (),
    ) -> None:
        self.lookalikes = lookalikes
        self.published, self.unreadable, self.matched = published, unreadable, matched
        self.rules, self.rule_version = published.rules, published.rules.version
        self.outputs: Sequence[Output] = [output.output for output in published.rules.outputs]
        self._figures: PopulationFigures | None = None
        self._compared = changed.compare(published, (beside or {}).values())

    def figures(self) -> PopulationFigures:
        """Denominators of the guards, worked out once."""
        if self._figures is None:
            self._figures = self._worked_out()
        return self._figures

    def _worked_out(self) -> PopulationFigures:
        self.published.settle()
        tier, revenue = self.published.text(TIER, before=True), self.published.cents(REVENUE)
        rows = list(
            self.published.rows(
                "select owner, count(*), count(*) filter (where active), count(tier), "
                "cast(coalesce(sum(revenue) filter (where first and tier is not null), 0) as bigint) from ("
                f"select a.owner_id as owner, {self.published.active} as active, {tier} as tier, {revenue} as revenue, "
                f"row_number() over (partition by a.{G}, {tier} is null order by a.{K}) = 1 as first "
                f"from {self.published.subjects}) group by owner order by owner"
            )
        )
        totals = [sum(row[i] for row in rows) for i in (1, 2, 3, 4)]
        by_owner = {str(row[0]): row[3] for row in rows if row[0] is not None and row[3]}
        return PopulationFigures(totals[0], totals[1], totals[2], by_owner, totals[3])

    def homeless(self) -> int:
        """Deals that belong to no account of the data, and count nowhere."""
        return self.published.homeless()

    def verdicts(self) -> Iterator[Verdict]:
        """Every account, ascending by id."""
        outputs = self.published.written
        cells = "".join(f", {self.published.wanted(output)}" for output in outputs)
        names = [output.output.name for output in outputs]
        query = f"select a.account_id, {self.published.warnings}{cells} from {self.published.subjects} order by a.{K}"
        for account, codes, *values in self.published.rows(query):
            texts = dict(zip(names, values, strict=True))
            yield Verdict(str(account), texts, tuple(str(codes).split(";")) if codes else ())

    def json_lines(self) -> Iterator[bytes]:
        """Every account as one JSON object, ascending by id (contract.md, evaluate)."""
        return lines.json_lines(self.published)

    def differences(self) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
        """Accounts whose wanted values are not the found ones, ascending by id."""
        self.published.settle()
        return differences.differences(self.published, compared=self._compared)

    def tables(self) -> Pictures:
        """Set-wise pictures for the report."""
        self.published.settle()
        return pictures.draw(self.published)

    def advised(self) -> Iterator[AdvisedAccount]:
        """Accounts whose say-no status is `say_no` or `watch`, ascending by id."""
        self.published.settle()
        return advice.advised(self.published)

    def overrides(self) -> Iterator[Override]:
        """Every override that people set, ascending by account."""
        self.published.settle()
        return overridden.overrides(self.published)

    def values(self, names: Sequence[str]) -> Iterator[KeptValues]:
        """These values of every account, ascending by id."""
        return explaining.values(self.published, names)

    def counts(self, names: Sequence[str]) -> Mapping[str, Counted]:
        """How many accounts, or groups, have these truths true, false, unknown or not applicable."""
        return explaining.counts(self.published, names)

    def explain(self, account: str) -> Explanation | None:
        """One account with all its values."""
        self.published.settle()
        return explaining.explain(self.published, account)

    def close(self) -> None:
        """Free the memory."""
        self.published.db.close()
