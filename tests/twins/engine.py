"""An engine whose verdicts come from a function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from connector.model.changes import Target
from connector.model.fields import Table
from connector.model.verdicts import AccountContext, Difference, PopulationFigures, Verdict
from connector.rules.python.standing import Standing
from tests.twins.words import Row

if TYPE_CHECKING:
    from pathlib import Path

    from connector.model.outputs import Output
    from connector.model.pictures import AdvisedAccount, Override, Pictures
    from connector.model.runs import Reason
    from connector.ports import (
        EvaluationRequest,
        Matched,
        Progress,
    )
    from connector.rules.ruleset import RuleSet
    from tests.twins.mirror import MemoryMirror

Wanted = Callable[[Row, list[Row]], Row]
"""The verdict of one account, from its row and the rows of its deals."""


@dataclass
class FunctionEngine:
    """An engine whose verdicts come from a function; it reads what the memory mirror holds."""

    mirror: MemoryMirror
    wanted: Wanted
    requests: list[EvaluationRequest] = field(default_factory=list)
    unreadable: tuple[Reason, ...] = ()
    compares: bool = True
    """Whether it tells own changes from others."""
    overrides: tuple[Override, ...] = ()

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> FunctionEvaluation:
        self.requests.append(request)
        accounts, deals = self._rows(request.files)
        before = self._rows(request.before) if request.before and self.compares else None
        progress("evaluate", len(accounts), len(accounts))
        return FunctionEvaluation(
            rules=rules,
            request=request,
            accounts=accounts,
            deals=deals,
            before=before,
            wanted=self.wanted,
            unreadable=self.unreadable,
            overrides=self.overrides,
        )

    def standing(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Standing:
        """Nothing: a function asks nothing of everybody."""
        del rules, request, progress
        return Standing()

    def _rows(self, files: Mapping[Table, tuple[Path, ...]]) -> tuple[dict[str, Row], dict[str, Row]]:
        accounts, deals = (self.mirror.tables[files[table][0]] for table in (Table.ACCOUNTS, Table.DEALS))
        return dict(sorted(accounts.items())), dict(sorted(deals.items()))


class FunctionEvaluation:
    """Verdicts of one function over one snapshot."""

    def __init__(
        self,
        *,
        rules: RuleSet,
        request: EvaluationRequest,
        accounts: dict[str, Row],
        deals: dict[str, Row],
        before: tuple[dict[str, Row], dict[str, Row]] | None,
        wanted: Wanted,
        unreadable: tuple[Reason, ...],
        overrides: tuple[Override, ...] = (),
    ) -> None:
        self.outputs: Sequence[Output] = [one.output for one in rules.outputs]
        self.rule_version = rules.version
        self.unreadable: Sequence[Reason] = unreadable
        self.matched: Sequence[Matched] = ()
        self.lookalikes: Sequence[Reason] = ()
        self.closed = False
        self._request, self._accounts, self._deals, self._before = request, accounts, deals, before
        self._overrides = overrides
        self._wanted = {name: self._verdict(name, wanted) for name in accounts}

    def _verdict(self, account: str, wanted: Wanted) -> Row:
        values = wanted(self._accounts[account], self._deals_of(account, self._deals))
        return {**values, "seg_last_evaluated": self._request.as_of.isoformat()}

    @staticmethod
    def _deals_of(account: str, deals: dict[str, Row]) -> list[Row]:
        return [row for row in deals.values() if row["account_id"] == account]

    def figures(self) -> PopulationFigures:
        had = {name: row for name, row in self._accounts.items() if row.get("seg_tier")}
        owners = Counter(row["owner_id"] for row in had.values() if row.get("owner_id"))
        return PopulationFigures(
            evaluated=len(self._accounts),
            active_customers=sum(1 for name in self._accounts if self._revenue(name)),
            had_tier=len(had),
            had_tier_by_owner=cast("dict[str, int]", dict(owners)),
            revenue_had_tier_cents=sum(self._revenue(name) for name in had),
        )

    def _revenue(self, account: str) -> int:
        return int(self._wanted[account].get("seg_revenue_12m") or 0) * 100

    def verdicts(self) -> Iterator[Verdict]:
        for name, values in self._wanted.items():
            yield Verdict(name, values, ())

    def differences(self) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
        for account in self._accounts:
            found = list(self._of_account(account))
            if any(not item.follows for item in found):
                yield self._context(account), found

    def _of_account(self, account: str) -> Iterator[Difference]:
        row, wanted = self._accounts[account], self._wanted[account]
        for output in self.outputs:
            if wanted.get(output.name) != row.get(output.name):
                yield Difference(
                    account,
                    Target.ACCOUNT,
                    account,
                    output.name,
                    wanted.get(output.name),
                    row.get(output.name),
                    output.follows,
                )
            for deal in self._deals_of(account, self._deals) if output.on_deals else ():
                if wanted.get(output.name) != deal.get(output.on_deals):
                    yield Difference(
                        account,
                        Target.DEAL,
                        str(deal["deal_id"]),
                        output.on_deals,
                        wanted.get(output.name),
                        deal.get(output.on_deals),
                    )

    def _context(self, account: str) -> AccountContext:
        row, wanted = self._accounts[account], self._wanted[account]
        return AccountContext(
            account=account,
            name=row.get("name"),
            owner=row.get("owner_id"),
            revenue_cents=self._revenue(account),
            tier_before=row.get("seg_tier"),
            tier_wanted=wanted.get("seg_tier"),
            say_no_before=_truth(row.get("seg_say_no")),
            say_no_wanted=_truth(wanted.get("seg_say_no")),
            data_changed=self._data_changed(account),
        )

    def _data_changed(self, account: str) -> bool | None:
        if self._before is None:
            return None
        accounts, deals = self._before
        then = [accounts.get(account, {}), *self._deals_of(account, deals)]
        now = [self._accounts[account], *self._deals_of(account, self._deals)]
        return [_own(row) for row in then] != [_own(row) for row in now]

    def homeless(self) -> int:
        raise NotImplementedError

    def tables(self) -> Pictures:
        raise NotImplementedError

    def advised(self) -> Iterator[AdvisedAccount]:
        raise NotImplementedError

    def overrides(self) -> Iterator[Override]:
        yield from self._overrides

    def close(self) -> None:
        self.closed = True


def _own(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("seg_")}


def _truth(text: str | None) -> bool | None:
    return None if text is None else text == "true"
