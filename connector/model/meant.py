"""The name that was meant: looked for in one way, and told in one wording, in both languages."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from connector.model.texts import Said

if TYPE_CHECKING:
    from collections.abc import Iterable

say = partial(Said, "connector.model")


def near(name: str, names: Iterable[str]) -> str:
    """Suggest the nearest name: "did you mean 'x'?", or nothing when none is near."""
    found = nearest(name, names)
    return meant(found) if found else ""


def meant(name: str) -> Said:
    """Suggest a name."""
    return say("meant", name=name)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the nearest name, whatever its case; None when none is near."""
    folded = {candidate.lower(): candidate for candidate in names}
    found = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None
