"""The rules held against a live population."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.rules.trying.probes import Probing, judge

if TYPE_CHECKING:
    from connector.ports import EvaluationRequest, Progress
    from connector.rules.trying.probes import Finding
    from connector.wiring import Wiring


def live(wiring: Wiring, request: EvaluationRequest, progress: Progress) -> tuple[list[Finding], int]:
    """Evaluate once to see what the data can feed, once more with the questions; gives findings and accounts."""
    with closing(wiring.engine.evaluate(wiring.rules, request, progress)) as first:
        probing = Probing(first.rules)
    asked = replace(request, keep=probing.columns)
    with closing(wiring.engine.evaluate(probing.extended(), asked, progress)) as second:
        counts = second.counts(probing.columns)
        return judge([p for p in probing.probes if p.column in counts], counts), second.figures().evaluated
