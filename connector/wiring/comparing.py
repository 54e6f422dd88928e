"""Two rule sets on one population: what was edited, and what it does."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.errors import ConnectorError
from connector.model.runs import counted
from connector.planning.impact import Side, compare
from connector.ports import EvaluationRequest
from connector.rules.edits import Paths, edits, parameters
from connector.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from connector.planning.impact import Impact
    from connector.ports import Evaluation, Progress
    from connector.rules.edits import Edit
    from connector.rules.ruleset import RuleSet
    from connector.wiring import Wiring

    Values = Mapping[str, str | None]


def population(wiring: Wiring, data: Path | None) -> EvaluationRequest:
    """Return what to evaluate: the files of a folder, else the mirror."""
    from connector.engine.tables.sources import in_folder
    from connector.wiring.beside import in_folder as beside_in
    from connector.wiring.looking import current

    run = wiring.settings.run
    if data is not None:
        files, beside = in_folder(data), beside_in(wiring, data)
    else:
        snapshot = current(wiring)
        if snapshot is None:
            hint = "`tiersync pull` fills the mirror; --data DIR takes files instead"
            raise ConnectorError("nothing was pulled yet", hint=hint)
        files, beside = dict(snapshot.files), dict(wiring.joined(snapshot, as_of=wiring.as_of))
    return EvaluationRequest(files, wiring.as_of, run.time_zone, run.home_currency, wiring.language, beside=beside)


def older(wiring: Wiring, directory: Path) -> RuleSet:
    """Load the rules to compare with, under the parameters of the settings that they know; --set is for the new."""
    known = load(directory).parameters
    return load(directory, {name: value for name, value in wiring.settings.parameters.items() if name in known})


def impact(
    wiring: Wiring, old: RuleSet, new: RuleSet, request: EvaluationRequest, progress: Progress
) -> tuple[list[Edit], Impact, int]:
    """Evaluate both and compare; gives the edits, what they do, and the number of cells that could not be read."""
    changed = edits(old, new)
    paths = Paths((old, new), changed)
    keep = sorted(paths.between)
    with ExitStack() as stack:
        sides = [
            stack.enter_context(closing(wiring.engine.evaluate(rules, replace(request, keep=keep), progress)))
            for rules in (old, new)
        ]
        shared = {o.name for o in sides[0].outputs} & {o.name for o in sides[1].outputs if not o.follows and o.written}
        found = compare(
            _side(sides[0], keep), _side(sides[1], keep), causes=_causes(paths, changed), shown=frozenset(shared)
        )
    listed = {*parameters(old, new).values(), *(edit for mine in changed.values() for edit in mine)}
    return sorted(listed), found, counted(sides[1].unreadable)


def _side(evaluation: Evaluation, names: Sequence[str]) -> Iterator[Side]:
    for verdict, kept in zip(evaluation.verdicts(), evaluation.values(names), strict=True):
        yield Side(verdict.account, kept.name, kept.group, verdict.values, kept.values)


def _causes(paths: Paths, changed: Mapping[str, Sequence[Edit]]) -> Callable[[str, Values, Values], tuple[str, ...]]:
    def causes(output: str, before: Values, after: Values) -> tuple[str, ...]:
        differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        first = paths.first(output, differ)
        return tuple(dict.fromkeys(str(edit) for name in first for edit in changed[name]))

    return causes
