"""The customer pyramid as a person would compute it from its description: no code of the product.

Rank active customers by revenue. The first ceil(1 %) are top, the first ceil(5 %) at most big, the first
ceil(20 %) at most medium, the rest small. Equal revenue means equal level: a tied block that crosses a
cut-off goes up when it overshoots the cut-off by at most max(1, a tenth of it), else one level down, where the same
question is asked again.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

LEVELS = (("top", 1), ("big", 5), ("medium", 20))


def levels(revenue: Mapping[str, Decimal]) -> dict[str, str]:
    """Level per customer; every customer given has revenue above zero."""
    ranked = sorted(revenue, key=lambda customer: -revenue[customer])
    n = len(ranked)
    cuts = [(level, -(-n * percent // 100)) for level, percent in LEVELS]
    answer: dict[str, str] = {}
    position = 0
    for _, block in groupby(ranked, key=lambda customer: revenue[customer]):
        tied = list(block)
        first, last = position + 1, position + len(tied)
        position = last
        level = next((name for name, cut in cuts if first <= cut and last <= cut + max(1, cut // 10)), "small")
        answer |= dict.fromkeys(tied, level)
    return answer
