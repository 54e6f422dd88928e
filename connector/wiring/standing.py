"""What the population of a snapshot comes to: worked out once, and kept beside the snapshot's files."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from connector.rules.python.standing import asked, over_everybody
from connector.rules.python.standing_text import dumped, loaded
from connector.rules.ruleset import needed
from connector.wiring.keeping import keep, kept, program

if TYPE_CHECKING:
    from connector.ports import EvaluationRequest, Progress, Snapshot
    from connector.rules.python.standing import Standing
    from connector.rules.ruleset import RuleSet
    from connector.wiring import Wiring

KIND = "standing"


def standing(wiring: Wiring, snapshot: Snapshot, request: EvaluationRequest, progress: Progress) -> Standing:
    """What everybody comes to, kept or worked out now; raises as an evaluation does."""
    of = made_of(wiring.rules, snapshot, request)
    data = kept(snapshot, KIND, of)
    with suppress(ValueError):
        if data is not None:
            return loaded(data.decode())
    found = wiring.engine.standing(wiring.rules, request, progress)
    keep(snapshot, KIND, of, dumped(found).encode())
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
    return repr((program(), snapshot.id, rules.version, rule, run, beside))
