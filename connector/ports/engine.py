"""What applies a rule set to a whole population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from connector.model.fields import Table
    from connector.model.outputs import Output
    from connector.model.pictures import AdvisedAccount, Override, Pictures
    from connector.model.runs import Reason
    from connector.model.verdicts import (
        AccountContext,
        Difference,
        Explanation,
        KeptValues,
        PopulationFigures,
        Verdict,
    )
    from connector.ports.beside import Beside, Matched
    from connector.ports.outside import Progress
    from connector.rules.python.standing import Standing
    from connector.rules.ruleset import RuleSet
    from connector.rules.trying.probes import Counted


class EvaluationRequest(Struct, frozen=True):
    """Everything a verdict depends on, besides the rules: same request, same bytes."""

    files: Mapping[Table, tuple[Path, ...]]
    """Parquet or CSV files of text columns by logical name; a table that is absent is not connected."""
    as_of: date
    time_zone: str
    home_currency: str
    language: str
    before: Mapping[Table, tuple[Path, ...]] = field(default_factory=dict)
    """The files of the run to compare with, for the cause of a change; empty without one. No verdict reads it."""
    beside: Mapping[str, Beside] = field(default_factory=dict)
    """Tables beside the CRM; one that is absent is not connected."""
    keeps_false: bool = True
    """Whether the CRM tells a false property from an empty one; where it does not, a wanted false is an empty one."""
    remembers: bool = True
    """Whether the values of ours that the data hold are those of an earlier run; those of a first run that was never
    finished are not."""
    compares: bool = True
    """Whether `differences` will be asked for: without, what only they read is let go of."""
    keep_all: bool = False
    """Keep every value on the way, for `explain`; else only what is published."""
    keep: Collection[str] = ()
    """Names whose values are kept besides, for `values`; those the data cannot feed are left out."""


class Evaluation(Protocol):
    """The verdicts over one population; results stream, sorted by account id."""

    outputs: Sequence[Output]
    """The outputs of the models that are configured and connected."""
    rule_version: str
    unreadable: Sequence[Reason]
    """Cells that could not be read, each with file, row and column; beyond a thousand of a table one stands for the
    rest, so that `model.runs.counted` tells how many there are."""
    lookalikes: Sequence[Reason]
    """Columns that nothing knows, each with the missing one that it looks like."""
    rules: RuleSet
    """The rules as far as the data can feed them."""
    matched: Sequence[Matched]
    """What became of the rows of each table beside the CRM that the rules use."""

    def figures(self) -> PopulationFigures:
        """Denominators of the guards."""

    def homeless(self) -> int:
        """Deals that belong to no account of the data, and count nowhere."""

    def verdicts(self) -> Iterator[Verdict]:
        """Every account, ascending by id."""

    def json_lines(self) -> Iterator[bytes]:
        """Every account as one JSON object in UTF-8 (contract.md), ascending by id, written where the data are."""

    def differences(self) -> Iterator[tuple[AccountContext, Sequence[Difference]]]:
        """Accounts whose wanted values are not the found ones, ascending by id, with what differs.

        Mirrored open deals are included; `follows` outputs only beside another difference.
        """

    def tables(self) -> Pictures:
        """Set-wise pictures for the report."""

    def advised(self) -> Iterator[AdvisedAccount]:
        """Accounts whose say-no status is `say_no` or `watch`, ascending by id."""

    def overrides(self) -> Iterator[Override]:
        """Every override that people set and that is or was in force, ascending by account."""

    def values(self, names: Sequence[str]) -> Iterator[KeptValues]:
        """These values of every account, ascending by id; a name that was not kept has none."""

    def counts(self, names: Sequence[str]) -> Mapping[str, Counted]:
        """How many accounts, or groups for a column of the group, have these kept truths true, false, unknown, idle."""

    def explain(self, account: str) -> Explanation | None:
        """One account with all its values, None when there is no such account; needs `keep_all` in the request."""

    def close(self) -> None:
        """Free memory and files."""


class Engine(Protocol):
    """Applies a rule set to a whole population."""

    def evaluate(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Evaluation:
        """Raises UsageError when the rules name what the data cannot have."""

    def standing(self, rules: RuleSet, request: EvaluationRequest, progress: Progress) -> Standing:
        """What everybody comes to: the figures and rankings one account's verdict needs; raises as `evaluate` does."""
