"""Who has to hear what, decided without sending anything: once per cause, once when it is right again.

A cause stays open until a run ends ok or partial: two failures that take turns are two messages, not two hundred.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from connector.model.runs import Reason, RunOutcome
from connector.model.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

ROOM = "connector.worker"
"""Where the texts of messages are."""
ENGLISH = Texts(ROOM, "en")
MEMORY_KEY = "alerts"
"""The journal's small fact that holds the memory below."""
_OVERDUE = "OVERDUE"
_SHOWN = 5
_MOST_CAUSES = 20
"""More open causes than this are one big trouble, of which people know."""
_NOT_TROUBLE = frozenset({"ANOTHER_RUN"})
"""One of several workers works; that the others stand back is as it should be."""
_CHANGING = re.compile(r"'[^']*'|\"[^\"]*\"|[\w-]*\d[\w.,:-]*")
"""Words of a message that differ from run to run: figures, ids, names in quotes."""


class Ended(Struct, frozen=True):
    """A run that ended, as far as alerts care."""

    run: str
    command: str
    outcome: RunOutcome
    reasons: Sequence[Reason] = ()
    figures: Mapping[str, int] = field(default_factory=dict)
    hint: str = ""


class Memory(Struct, frozen=True):
    """What people were told and is not over yet."""

    open_causes: tuple[str, ...] = ()
    since: str = ""
    """When the first of them began, ISO 8601."""
    partial_on: str = ""
    """The local day of the last message about a partial run."""

    def as_text(self) -> str:
        """For the journal."""
        return json.dumps([list(self.open_causes), self.since, self.partial_on])

    @classmethod
    def from_text(cls, text: str | None) -> Memory:
        """Back from the journal; nothing known when it cannot be read."""
        try:
            causes, since, partial_on = json.loads(text or "")
            return cls(tuple(map(str, causes)), str(since), str(partial_on))
        except (ValueError, TypeError):
            return cls()


class Message(Struct, frozen=True):
    """One message to people."""

    title: str
    text: str


def decide(
    memory: Memory, ended: Ended, *, now: datetime, time_zone: str, texts: Texts = ENGLISH
) -> tuple[Memory, Message | None]:
    """What to tell after a run, and what to remember once it was delivered."""
    if ended.outcome in {RunOutcome.FAILED, RunOutcome.HELD}:
        return _trouble(memory, ended, now, texts)
    if memory.open_causes:
        return _right_again(memory, ended, _day(now, time_zone), texts)
    if ended.outcome is RunOutcome.PARTIAL:
        return _partial(memory, ended, _day(now, time_zone), texts)
    return memory, None


def overdue(memory: Memory, words: str, *, now: datetime, texts: Texts = ENGLISH) -> tuple[Memory, Message | None]:
    """What to tell when no good run came in time; nothing while people know of a trouble that explains it."""
    if memory.open_causes:
        return memory, None
    kept = replace(memory, open_causes=(_OVERDUE,), since=memory.since or now.isoformat())
    text = f"{_OVERDUE}: {words}\n{texts.say('and_the_log', command='tiersync status')}"
    return kept, Message(f"tiersync: {texts.say('no_run_in_time')}", text)


def _trouble(memory: Memory, ended: Ended, now: datetime, texts: Texts) -> tuple[Memory, Message | None]:
    reasons = ended.reasons or (Reason("UNKNOWN", texts.say("no_reason")),)
    causes = {_cause(ended.outcome, reason): reason for reason in reasons if reason.code not in _NOT_TROUBLE}
    new = {cause: reason for cause, reason in causes.items() if cause not in memory.open_causes}
    if not new or len(memory.open_causes) >= _MOST_CAUSES:
        return memory, None
    kept = replace(memory, open_causes=(*memory.open_causes, *new), since=memory.since or now.isoformat())
    return kept, _message(ended, tuple(new.values()), texts.name("alert", ended.outcome), texts)


def _right_again(memory: Memory, ended: Ended, day: str, texts: Texts) -> tuple[Memory, Message | None]:
    is_partial = ended.outcome is RunOutcome.PARTIAL
    title = texts.say("right_in_part") if is_partial else texts.say("right_again")
    kept = Memory(partial_on=day if is_partial else memory.partial_on)
    return kept, _message(ended, ended.reasons, title, texts, texts.say("over", since=memory.since))


def _partial(memory: Memory, ended: Ended, day: str, texts: Texts) -> tuple[Memory, Message | None]:
    if memory.partial_on == day:
        return memory, None
    return replace(memory, partial_on=day), _message(ended, ended.reasons, texts.name("alert", ended.outcome), texts)


def _cause(outcome: RunOutcome, reason: Reason) -> str:
    """The same trouble has the same name tomorrow, whatever the figures in its message are then."""
    return f"{outcome}:{reason.code}:{_CHANGING.sub('#', reason.message)[:80]}"


def _message(ended: Ended, reasons: Sequence[Reason], title: str, texts: Texts, first: str = "") -> Message:
    more = len(reasons) - _SHOWN
    lines = [
        *([first] if first else []),
        *(f"{reason.code}: {reason.message}" for reason in reasons[:_SHOWN]),
        *([texts.say("more", count=more)] if more > 0 else []),
        *([ended.hint] if ended.hint else []),
        _counts(ended.figures, texts),
        _command(ended, texts),
    ]
    title = texts.say("title", what=title, command=ended.command, run=ended.run)
    return Message(f"tiersync: {title}", "\n".join(line for line in lines if line))


def _counts(figures: Mapping[str, int], texts: Texts) -> str:
    named = ("evaluated", "changes", "written", "refused", "quarantined")
    return ", ".join(f"{texts.name('figure', name)} {texts.number(figures[name])}" for name in named if name in figures)


def _command(ended: Ended, texts: Texts) -> str:
    show = f"tiersync runs show {ended.run}"
    if ended.outcome is RunOutcome.HELD:
        return texts.say("release", command=show, release=f"tiersync approve {ended.run} --reason TEXT")
    return texts.say("see", command=show)


def _day(now: datetime, time_zone: str) -> str:
    return now.astimezone(ZoneInfo(time_zone)).date().isoformat()
