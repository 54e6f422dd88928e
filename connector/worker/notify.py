"""Carries messages out: alerts through apprise, and the sign of life that a dead-man service waits for."""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from connector.errors import ConnectorError
from connector.model.runs import RunOutcome
from connector.worker.alerts import ENGLISH, MEMORY_KEY, Ended, Memory, decide, overdue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from apprise import Apprise

    from connector.model.texts import Texts
    from connector.ports import Journal, Notifier
    from connector.worker.alerts import Message

HEARTBEAT_SECONDS = 10
_TRIES = 3


class AppriseNotifier:
    """Sends to every URL of `[alerts] urls`; the URLs hold secrets and are never repeated."""

    def __init__(self, urls: Sequence[str], *, tell: Callable[[str], None]) -> None:
        self._urls = tuple(urls)
        self._tell = tell

    def send(self, title: str, text: str) -> bool:
        """One message to all; True when somebody got it. Never raises."""
        taken = [self._one(at, url, title, text) for at, url in enumerate(self._urls, 1)]
        return any(taken)

    def _one(self, at: int, url: str, title: str, text: str) -> bool:
        carrier, why = _carrier(), "it is no address that apprise knows"
        try:
            if carrier.add(url):
                why = "it did not take the message"
                if carrier.notify(body=text, title=title):
                    return True
        except Exception as error:  # noqa: BLE001 - somebody else's service must not end a run
            why = type(error).__name__
        self._tell(f"alert url {at} of {len(self._urls)}: {why}")
        return False


class Herald:
    """After each run: tells people what they have to hear, and gives the sign of life."""

    def __init__(
        self,
        journal: Journal,
        notifier: Notifier,
        *,
        heartbeat: Callable[[], bool] | None,
        time_zone: str,
        texts: Texts = ENGLISH,
    ) -> None:
        self._journal = journal
        self._notifier = notifier
        self._heartbeat = heartbeat
        self._time_zone = time_zone
        self.texts = texts
        self._memory = Memory()
        self._one_at_a_time = Lock()

    def after(self, ended: Ended, *, now: datetime) -> None:
        """Tell once; what nobody got is told again after the next run. Never raises.

        Do not call it for a run that was asked to stop: that is no trouble.
        """
        self._tell(lambda memory: decide(memory, ended, now=now, time_zone=self._time_zone, texts=self.texts))
        if self._heartbeat is not None and ended.outcome in {RunOutcome.OK, RunOutcome.PARTIAL}:
            self._heartbeat()

    def say(self, message: Message) -> None:
        """Send what is no trouble, once; nobody hears it again. Never raises."""
        self._notifier.send(message.title, message.text)

    def late(self, words: str, *, now: datetime) -> None:
        """No good run came in time: tell it once, unless people know of a trouble that explains it. Never raises."""
        self._tell(lambda memory: overdue(memory, words, now=now, texts=self.texts))

    def _tell(self, judged: Callable[[Memory], tuple[Memory, Message | None]]) -> None:
        with self._one_at_a_time:
            self._recall()
            kept, message = judged(self._memory)
            if message is None or self._notifier.send(message.title, message.text):
                self._remember(kept)

    def _recall(self) -> None:
        """A journal that cannot be read is trouble to be told, not a reason to be silent."""
        with suppress(ConnectorError):
            self._memory = Memory.from_text(self._journal.recall(MEMORY_KEY))

    def _remember(self, kept: Memory) -> None:
        changed, self._memory = kept != self._memory, kept
        if changed:
            with suppress(ConnectorError):
                self._journal.remember(MEMORY_KEY, kept.as_text())


def unknown(urls: Sequence[str]) -> list[int]:
    """The places of the URLs that apprise can send nothing to."""
    return [at for at, url in enumerate(urls) if not _carrier().add(url)]


def _carrier() -> Apprise:
    from apprise import Apprise  # noqa: PLC0415 - 0.2 s that only trouble pays

    # It repeats addresses it cannot read, secrets and all; what went wrong is told by who asks.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return Apprise()


def heartbeat(url: str, *, tell: Callable[[str], None]) -> bool:
    """GET the URL, at most three times; True when it answered with success. Never raises, never repeats the URL."""
    import requests  # noqa: PLC0415 - loaded by then, or not needed

    said = ""
    for _ in range(_TRIES):
        try:
            answer = requests.get(url, timeout=HEARTBEAT_SECONDS)
        except requests.RequestException as error:
            said = type(error).__name__
            continue
        if answer.ok:
            return True
        said = f"status {answer.status_code}"
    tell(f"the heartbeat was not taken: {said}")
    return False
