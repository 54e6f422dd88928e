"""Where outputs are kept: on the account, and mirrored to its open deals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.changes import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.model.outputs import Output


def placed(outputs: Iterable[Output]) -> list[tuple[Target, str, Output]]:
    """Every property to exist: each output on the account, and its mirror on deals where it has one."""
    listed = list(outputs)
    mirrored = [(Target.DEAL, output.on_deals, output) for output in listed if output.on_deals]
    return [*((Target.ACCOUNT, output.name, output) for output in listed), *mirrored]
