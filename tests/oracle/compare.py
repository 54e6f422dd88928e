"""Compares the oracle with the product; by hand: `python -m tests.oracle.compare FIRST LAST [PROPERTY]`."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle.evaluate import evaluate
from tests.oracle.loading import load_world
from tests.oracle.parameters import Parameters
from tests.oracle.populations import Population, draw
from tests.oracle.product import evaluated

QUALITY = "seg_data_quality"
RELIABLE = {"complete": "reliable", "partial": "reliable"}
"""domain.md leaves open which inputs a complete account has; it does not leave open which data nobody can rely on."""
REFERRED = "seg_referred_revenue_12m"
"""Where no account can name who referred it, domain.md counts 0 and the product says nothing."""
Difference = tuple[int, str, str, object, object]


def differences(case: Population, folder: Path, answers: Any = None) -> list[Difference]:
    """Seed, account, property, what domain.md says and what `evaluate` says, for all that differ."""
    case.write(folder)
    parameters = Parameters(case.parameters)
    world = load_world(folder, as_of=case.as_of, parameters=parameters, language=case.language)
    evaluate(world)
    answers = answers or evaluated(folder, case)
    assert sorted(world.accounts) == list(answers)
    return [
        (case.seed, account.id, name, plain(wanted), found.get(name))
        for account, found in ((world.accounts[one], answers[one]) for one in answers)
        for name, wanted in account.out.items()
        if _differs(name, wanted, found)
    ]


def _differs(name: str, wanted: object, found: dict[str, Any]) -> bool:
    """A model that is not configured prints nothing, and then there must have been nothing to say of anybody."""
    if name not in found:
        return wanted is not None and name != REFERRED
    told = found[name]
    return plain(wanted) != plain(RELIABLE.get(told, told) if name == QUALITY else told)


def plain(value: object) -> object:
    """A value as it can be compared: exact numbers, sets for lists, texts for dates."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return Fraction(Decimal(str(value)))
    if isinstance(value, list | set | frozenset):
        return sorted(value)
    return value if isinstance(value, str | Fraction) else str(value)


def shown(value: object) -> object:
    """A value as a person reads it."""
    return float(value) if isinstance(value, Fraction) else value


def main(first: int, last: int, only: str = "") -> None:
    """Print what differs, and how often by property."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            case = draw(seed)
            for _, account, name, wanted, answer in differences(case, Path(folder) / str(seed)):
                counts[name] += 1
                if only in {"", name}:
                    told = f"domain: {shown(wanted)} product: {shown(answer)} {case.parameters}"
                    sys.stdout.write(f"{seed} {account} {name} {told}\n")
    sys.stdout.write(f"{last - first} populations, differences by property: {dict(counts)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
