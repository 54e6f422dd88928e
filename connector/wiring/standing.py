"""What the population of a snapshot comes to: worked out once, and kept beside the snapshot's files.

A kept file says in full what it was worked out from. It is used for exactly that and for nothing else; where it is
absent, cut or of another day, the population is evaluated again. It goes with its snapshot.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from connector import __version__
from connector.model.fields import Table
from connector.rules.few import needed
from connector.rules.standing import asked, over_everybody
from connector.rules.standing_text import dumped, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from connector.ports import EvaluationRequest, Progress, Snapshot
    from connector.rules.ruleset import RuleSet
    from connector.rules.standing import Standing
    from connector.wiring import Wiring

FORMAT = 1
KEPT = 4
"""Files kept beside one snapshot: the days and parameters it was asked for last."""
PREFIX = "standing-"


def standing(wiring: Wiring, snapshot: Snapshot, request: EvaluationRequest, progress: Progress) -> Standing:
    """What everybody comes to, kept or worked out now; raises as an evaluation does."""
    of = made_of(wiring.rules, snapshot, request)
    place = snapshot.files[Table.ACCOUNTS][0].parent / f"{PREFIX}{sha256(of.encode()).hexdigest()[:16]}.json"
    found = _kept(place, of)
    if found is not None:
        return found
    found = wiring.engine.standing(wiring.rules, request, progress)
    _keep(place, of, found)
    return found


def made_of(rules: RuleSet, snapshot: Snapshot, request: EvaluationRequest) -> str:
    """Everything the figures depend on, as text: this program, the data, the day, the rules and their parameters."""
    wanted = {*asked(rules.nodes), *(node.name for node in over_everybody(rules.nodes))}
    rule = sha256(repr((needed(rules.nodes, wanted), sorted(rules.parameters.items()))).encode()).hexdigest()
    beside = sorted(
        (name, sorted(asked_for.match.items()), sorted(asked_for.columns.items()), asked_for.too_old)
        for name, asked_for in request.beside.items()
    )
    run = (request.as_of.isoformat(), request.time_zone, request.home_currency, request.language, request.remembers)
    return repr((FORMAT, __version__, snapshot.id, rules.version, rule, run, beside))


def _kept(place: Path, of: str) -> Standing | None:
    """What a file holds that was made of exactly this; None where there is none, or it is not whole."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        about, digest, text = place.read_text(encoding="utf-8").split("\n", 2)
        if about == of and digest == sha256(text.encode()).hexdigest():
            return loaded(text)
    return None


def _keep(place: Path, of: str, found: Standing) -> None:
    """Write the file whole or not at all; who may not write there works the figures out each time."""
    text = dumped(found)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    with suppress(OSError):
        try:
            draft.write_text(f"{of}\n{sha256(text.encode()).hexdigest()}\n{text}", encoding="utf-8")
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
        before = sorted(place.parent.glob(f"{PREFIX}*"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in before[KEPT:]:
            file.unlink(missing_ok=True)
