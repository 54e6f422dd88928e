"""Where outputs are kept: on the account, and mirrored to its open deals; and what is said when they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import StopRun, UsageError
from connector.model.changes import Target
from connector.model.outputs import TIER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.model.changes import RecordWrite
    from connector.model.outputs import Output


_NAMED = 3
"""So many things that are wrong are told in full; `tiersync doctor` and `provision --dry-run` tell them all."""


def placed(outputs: Iterable[Output]) -> list[tuple[Target, str, Output]]:
    """Every property to exist: each output on the account, and its mirror on deals where it has one."""
    listed = list(outputs)
    mirrored = [(Target.DEAL, output.on_deals, output) for output in listed if output.on_deals]
    return [*((Target.ACCOUNT, output.name, output) for output in listed), *mirrored]


def target_of(batch: Sequence[RecordWrite], most: int) -> Target:
    """The one target a batch is written to. Raises UsageError for more records or targets than one batch holds."""
    target = batch[0].target
    if len(batch) > most or any(item.target != target for item in batch):
        raise UsageError(f"a batch holds at most {most} records of one target", hint="write them in several batches")
    return target


def not_ready(vendor: str, wrong: Sequence[str], *, hint: str = "run tiersync provision") -> StopRun:
    """The error for properties that cannot be written as they are; `hint` is for what provisioning does not mend."""
    wrong = sorted(wrong, key=lambda told: TIER not in told)  # first the one that everybody knows
    named = [*wrong[:_NAMED], *([f"and {len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else [])]
    return StopRun(
        f"{vendor} is not ready to be written to: {'; '.join(named)}",
        hint=hint,
        code="NOT_PROVISIONED",
    )
