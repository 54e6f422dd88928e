"""What a run came to: the document of `--json`, and the exit code."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from connector.errors import UsageError
from connector.model.fields import BESIDE
from connector.model.numbers import exact
from connector.model.runs import EXIT_CODES, Reason, RunOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.planning.plan import Plan


NAMED = (
    *("evaluated", "changes", "written", "refused", "quarantined", "kept", "gone", "unsettled", "waiting"),
    *("unreadable", "requests"),
)
"""Figures of the document of `--json`; one that does not count yet is 0."""


class Result(Struct, frozen=True, kw_only=True):
    """How a run ended, in figures.

    `changes`, `written`, `refused` count values, `quarantined` counts records, `waiting` accounts,
    `unreadable` cells.
    """

    run: str
    command: str
    outcome: RunOutcome
    figures: Counter[str] = field(default_factory=Counter)
    reasons: tuple[Reason, ...] = ()
    plan: Plan | None = None
    error: Exception | None = None
    """What stopped it, for its hint and for the log."""
    report: str | None = None
    same_as: str | None = None
    """The run that was held with this very plan just before."""
    overrides: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Accounts whose override somebody should look at again, by why."""

    @property
    def tables(self) -> dict[str, dict[str, int]]:
        """What became of the rows of each table beside the CRM: rows, matched, unmatched, ambiguous and so on."""
        found: dict[str, dict[str, int]] = {}
        for key, value in self.figures.items():
            if key.startswith(BESIDE):  # tables.NAME.FIGURE
                name, _, figure = key.removeprefix(BESIDE).partition(".")
                found.setdefault(name, {})[figure] = value
        return found

    @property
    def exit_code(self) -> int:
        """The exit code of contract.md."""
        return UsageError.exit_code if isinstance(self.error, UsageError) else EXIT_CODES[self.outcome]

    @property
    def hint(self) -> str:
        """What a person can do about a failure; empty when there is nothing to say."""
        return str(getattr(self.error, "hint", ""))

    def as_json(self) -> dict[str, Any]:
        """Return the document of `--json`."""
        pulled = {key.removeprefix("pulled_"): value for key, value in self.figures.items() if key[:7] == "pulled_"}
        return {
            "run": self.run,
            "command": self.command,
            "outcome": self.outcome.value,
            "pulled": pulled,
            **{name: self.figures[name] for name in NAMED},
            "tables": self.tables,
            "reasons": [{"code": reason.code, "message": reason.message} for reason in self.reasons],
            **self._error(),
            "plan": plan_json(self.plan) if self.plan else None,
            "overrides": self.overrides,
            "report": self.report,
        }

    def _error(self) -> dict[str, Any]:
        if self.error is None:
            return {}
        first = self.reasons[-1]
        return {"error": {"code": first.code, "message": first.message, "hint": self.hint}}


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan's head and sums, without its changes."""
    tally = plan.tally
    return {
        "as_of": plan.as_of and plan.as_of.isoformat(),
        "rule_version": plan.rule_version,
        "made_at": plan.made_at.isoformat(),
        "digest": plan.digest,
        "accounts": tally.accounts,
        "changes": tally.changes,
        "kept": tally.kept,
        "set_aside": tally.set_aside,
        "api_calls": plan.calls,
        "records": {target.value: count for target, count in sorted(tally.records.items())},
        "moves": [
            {"from": move.before, "to": move.after, "accounts": count, "revenue": exact(tally.revenue_by_move[move])}
            for move, count in sorted(tally.moves.items(), key=lambda item: (str(item[0].before), str(item[0].after)))
        ],
        "tiers_changed": tally.tiers_changed,
        "revenue_moved": exact(tally.revenue_moved_cents),
        "revenue_moved_down": exact(tally.revenue_moved_down_cents),
        "newly_say_no": tally.newly_say_no,
        "no_longer_say_no": tally.no_longer_say_no,
        "by_owner": _ranked(tally.moved_by_owner),
        "by_property": _ranked(tally.by_property),
        "by_cause": _ranked(tally.by_cause),
        "holds": [{"code": reason.code, "message": reason.message} for reason in plan.holds],
    }


def _ranked(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
