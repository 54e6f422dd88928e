"""How the worker is, for whoever asks from outside and for whoever has to be told that no good run came."""

from __future__ import annotations

import socket
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from connector import __version__
from connector.errors import ConnectorError
from connector.sync.memory import good_since
from connector.wiring.names import QUOTA_LEFT
from connector.worker.health import Watch, hanging, judge, unfinished
from connector.worker.metrics import Facts, Metrics
from connector.worker.probes import Answer, serving
from connector.worker.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from connector.model.texts import Texts
    from connector.ports import RunRow
    from connector.sync import Result
    from connector.wiring import Wiring
    from connector.worker.health import Health
    from connector.worker.notify import Herald
    from connector.worker.schedule import Schedule

LOOKED_BACK = 20
"""Runs searched for the last one that ended."""
NO_STATE = "the state database cannot be read"


def instance(wiring: Wiring) -> str:
    """What this worker is called: `[worker] name`, else the machine's name."""
    return wiring.settings.worker.name or socket.gethostname()


class Vitals:
    """One worker as its probes, its figures and its watch see it; threads may ask."""

    def __init__(self, wiring: Wiring, schedule: Schedule, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._wiring = wiring
        self._schedule = schedule
        self._deadline = wiring.settings.worker.deadline
        self._began = wiring.clock()
        self.pulse = Pulse(ticks=ticks)
        self._watch = Watch(self._deadline, ticks=ticks)
        self.metrics = Metrics(self._facts)

    def serving(self) -> AbstractContextManager[str | None]:
        """Answer at `[worker] health` while the block lasts; yields the address, None when nobody asked for one."""
        section = self._wiring.settings.worker
        if section.health is None:
            return nullcontext()
        reference = section.metrics_token
        token = self._wiring.vault.secret(reference, key="worker.metrics_token") if reference else None
        probes = {"/livez": self.live, "/readyz": self.ready, "/healthz": self.healthy}
        return serving(section.health, probes=probes, metrics=self.metrics.text, token=token)

    def live(self) -> Answer:
        """Whether the process is worth keeping."""
        return Answer(_said(hanging(self.pulse)))

    def ready(self) -> Answer:
        """Whether it could take on a run, lease or not."""
        stopping = "asked to stop" if self.pulse.stopping else ""
        return Answer(_said(hanging(self.pulse), stopping, self._health()[1]))

    def healthy(self) -> Answer:
        """Whether all is well, by the age of the last good run of any worker on this state."""
        health, broken = self._health()
        overdue = ""
        if health is not None and health.overdue_since is not None:
            overdue = f"no good run since the one due at {health.overdue_since:%Y-%m-%d %H:%M %Z}"
        late = unfinished(self.pulse, deadline=self._deadline)
        age = None if health is None or health.age is None else int(health.age.total_seconds())
        return Answer(_said(hanging(self.pulse), broken, late, overdue), {"last_good_age_seconds": age})

    def watch(self, herald: Herald) -> None:
        """Tell people, once, when a run does not finish or a due one does not come."""
        texts = herald.texts
        words = self._not_come(texts)
        if unfinished(self.pulse, deadline=self._deadline):
            words = texts.say("unfinished", minutes=f"{self._deadline.total_seconds() / 60:.0f}")
        if words and self._watch.may_tell():
            herald.late(texts.say("on", words=words, instance=instance(self._wiring)), now=self._wiring.clock())

    def ended(self, result: Result) -> None:
        """Count a run of this process that ended."""
        seconds = self.pulse.running_for()
        self.metrics.ended(
            outcome=result.outcome, figures=result.figures, seconds=seconds.total_seconds() if seconds else 0.0
        )

    def _not_come(self, texts: Texts) -> str:
        try:
            since = good_since(self._wiring.journal)
        except ConnectorError:
            return ""  # the run itself will say what is wrong with the state
        expected = self._schedule.after(since or self._began)
        if not self._watch.is_late(expected, now=self._wiring.clock()):
            return ""
        due = f"{expected:%Y-%m-%d %H:%M %Z}"
        if since is None:
            return texts.say("not_come_yet", due=due)
        return texts.say("not_come", since=f"{since:%Y-%m-%d %H:%M %Z}", due=due)

    def _health(self) -> tuple[Health | None, str]:
        try:
            since = good_since(self._wiring.journal)
        except ConnectorError:
            return None, NO_STATE
        health = judge(
            last_good=since,
            since=self._began,
            schedule=self._schedule,
            now=self._wiring.clock(),
            patience=self._deadline,
        )
        return health, ""

    def _facts(self) -> Facts:
        health, broken = self._health()
        last, left = (None, None) if broken else self._last_and_quota()
        age = health.age if health else None
        took = last.finished - last.started if last and last.finished else None
        return Facts(
            version=__version__,
            well=None if health is None else not self.healthy().reasons,
            alive=not hanging(self.pulse),
            ready=not self.ready().reasons,
            last_good=None if age is None else self._wiring.clock() - age,
            age=age,
            last_outcome=last.outcome if last else None,
            last_took=took,
            running=self.pulse.running_for(),
            quota_left=left,
            figures=last.figures if last else {},
        )

    def _last_and_quota(self) -> tuple[RunRow | None, int | None]:
        try:
            ended = (row for row in self._wiring.journal.runs(limit=LOOKED_BACK) if row.outcome is not None)
            left = self._wiring.journal.recall(QUOTA_LEFT)
        except ConnectorError:
            return None, None
        return next(ended, None), int(left) if left else None


def _said(*reasons: str) -> tuple[str, ...]:
    return tuple(reason for reason in reasons if reason)
