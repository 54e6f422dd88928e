from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from connector.errors import StopRun
from connector.model.runs import Reason, RunOutcome
from connector.model.texts import Texts
from connector.worker.alerts import ROOM, Ended, Memory, Message, decide, overdue
from connector.worker.notify import AppriseNotifier, Herald, heartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.ports import Journal

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own import

START = datetime(2026, 3, 2, 6, tzinfo=UTC)
OK = Ended("r", "sync", RunOutcome.OK)
CUT = Reason("BAD_ANSWER", "page 17 of companies was cut after 1,204 bytes")
CUT_ELSEWHERE = Reason("BAD_ANSWER", "page 3 of companies was cut after 99 bytes")
TOKEN = Reason("ACCESS_REFUSED", "the token lacks the scope crm.objects.deals.read")
GUARD = Reason("NEW_SAY_NO", "12.5 % newly say-no, the limit is 10 %; release: tiersync approve 20260302 --reason TEXT")


def ended(outcome: RunOutcome, *reasons: Reason, **figures: int) -> Ended:
    return Ended("20260302-060000", "sync", outcome, reasons, figures, hint="")


def failed(*reasons: Reason) -> Ended:
    return ended(RunOutcome.FAILED, *reasons)


def told(*runs: Ended, hours: float = 1) -> list[str]:
    """The titles of the messages after a sequence of runs, an hour apart."""
    memory, titles = Memory(), []
    for at, run in enumerate(runs):
        now = START + timedelta(hours=hours * at)
        memory, message = decide(Memory.from_text(memory.as_text()), run, now=now, time_zone="Europe/Amsterdam")
        titles.append(message.title.removeprefix("tiersync: ").partition(" (")[0] if message else "")
    return titles


def test_good_runs_are_silent() -> None:
    assert told(OK, OK) == ["", ""]


def test_trouble_is_told_once_until_it_is_gone_and_then_once_that_it_is_right() -> None:
    runs = [failed(CUT), failed(CUT_ELSEWHERE), failed(CUT), OK, OK, failed(CUT)]
    assert told(*runs) == ["run failed", "", "", "right again", "", "run failed"]


def test_another_cause_is_told_and_causes_that_take_turns_are_told_once_each() -> None:
    runs = [failed(CUT), failed(TOKEN), failed(CUT), failed(TOKEN), OK]
    assert told(*runs) == ["run failed", "run failed", "", "", "right again"]


def test_a_held_run_is_trouble_too_and_its_figures_do_not_make_it_new() -> None:
    later = Reason("NEW_SAY_NO", GUARD.message.replace("12.5", "13").replace("20260302", "20260303"))
    held = [ended(RunOutcome.HELD, reason) for reason in (GUARD, later)]
    assert told(*held, failed(GUARD)) == ["run held", "", "run failed"]


def test_only_what_is_new_is_in_the_message() -> None:
    memory, _ = decide(Memory(), failed(CUT), now=START, time_zone="UTC")
    _, message = decide(memory, failed(CUT, TOKEN), now=START, time_zone="UTC")
    assert message is not None
    assert TOKEN.message in message.text
    assert CUT.message not in message.text


def test_partial_is_told_once_a_local_day() -> None:
    partial = ended(RunOutcome.PARTIAL, Reason("REFUSED", "3 records"))
    assert told(partial, partial, partial, hours=9) == ["run partial", "", "run partial"]  # 07:00, 16:00, 01:00


def test_a_partial_run_ends_trouble_with_one_message_that_says_both() -> None:
    partial = ended(RunOutcome.PARTIAL, Reason("REFUSED", "3 records"))
    assert told(failed(CUT), partial, partial) == ["run failed", "right again, in part", ""]


def test_a_worker_that_stands_back_for_another_is_no_trouble() -> None:
    assert told(ended(RunOutcome.HELD, Reason("ANOTHER_RUN", "another run is going on"))) == [""]


def test_a_flood_of_causes_is_one_trouble() -> None:
    names = [f"{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(100)]
    titles = told(*(failed(Reason("FAILED", f"cannot {name}")) for name in names), OK)
    assert titles.count("run failed") == 20
    assert titles[-1] == "right again"


def test_a_message_says_counts_reasons_and_the_command_to_run() -> None:
    reasons = [Reason("X", f"because {name}") for name in "abcdefg"]
    run = ended(RunOutcome.HELD, *reasons, evaluated=100, changes=2238)
    _, message = decide(Memory(), run, now=START, time_zone="UTC")
    assert message == Message(
        "tiersync: run held (sync 20260302-060000)",
        "X: because a\nX: because b\nX: because c\nX: because d\nX: because e\n… and 2 more\n"
        "evaluated 100, changes 2,238\n"
        "See: tiersync runs show 20260302-060000   Release: tiersync approve 20260302-060000 --reason TEXT",
    )


def test_a_message_speaks_dutch_where_it_is_asked_to_and_keeps_codes_and_commands() -> None:
    run = ended(RunOutcome.HELD, Reason("X", "omdat"), evaluated=100, changes=2238)
    dutch = Texts(ROOM, "nl")
    kept, message = decide(Memory(), run, now=START, time_zone="UTC", texts=dutch)
    assert message == Message(
        "tiersync: run wacht op goedkeuring (sync 20260302-060000)",
        "X: omdat\nbeoordeeld 100, wijzigingen 2.238\n"
        "Bekijk: tiersync runs show 20260302-060000   Vrijgeven: tiersync approve 20260302-060000 --reason TEXT",
    )
    _, message = decide(kept, OK, now=START, time_zone="UTC", texts=dutch)
    assert message is not None
    assert message.title == "tiersync: weer in orde (sync r)"
    assert message.text.startswith("De storing sinds 2026-03-02T06:00:00+00:00 is voorbij.")
    _, message = overdue(Memory(), "sinds maandag", now=START, texts=dutch)
    assert message is not None
    assert message.title == "tiersync: geen goede run op tijd"


@pytest.mark.parametrize("text", [None, "", "{}", "[1]", "nonsense", '[["a"], "b"]'])
def test_a_memory_that_cannot_be_read_is_none(text: str | None) -> None:
    assert Memory.from_text(text) == Memory()


def test_a_run_that_does_not_come_is_told_once_and_once_that_it_is_right_again(facts: Facts) -> None:
    inbox = Inbox()
    one = herald(facts, inbox)
    for _ in range(3):
        one.late("no good run since Monday", now=START)
    herald(facts, inbox).late("no good run since Monday, says another replica", now=START)
    one.after(OK, now=START)
    assert inbox.got == ["tiersync: no good run in time", "tiersync: right again (sync r)"]


def test_a_run_that_does_not_come_is_no_news_while_people_know_why(facts: Facts) -> None:
    inbox = Inbox()
    one = herald(facts, inbox)
    one.after(failed(CUT), now=START)
    one.late("no good run since Monday", now=START)
    assert len(inbox.got) == 1


class Facts:
    """The small facts of a journal."""

    def __init__(self) -> None:
        self.facts: dict[str, str | None] = {}
        self.broken = False

    def remember(self, key: str, value: str | None) -> None:
        if self.broken:
            raise StopRun("the disk is full")
        self.facts[key] = value

    def recall(self, key: str) -> str | None:
        if self.broken:
            raise StopRun("the disk is full")
        return self.facts.get(key)


class Inbox:
    """People who may be out of reach."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.reachable = True

    def send(self, title: str, text: str) -> bool:
        assert text
        self.got += [title] if self.reachable else []
        return self.reachable


@pytest.fixture
def facts() -> Facts:
    return Facts()


def herald(facts: Facts, inbox: Inbox, beats: list[str] | None = None) -> Herald:
    def beat() -> bool:
        if beats is not None:
            beats.append("beat")
        return True

    journal: Journal = facts  # type: ignore[assignment] # the only part of a journal that is asked for
    return Herald(journal, inbox, heartbeat=beat, time_zone="Europe/Amsterdam")


def test_a_message_nobody_got_is_told_again(facts: Facts) -> None:
    inbox = Inbox()
    inbox.reachable = False
    herald(facts, inbox).after(failed(CUT), now=START)
    inbox.reachable = True
    for _ in range(2):
        herald(facts, inbox).after(failed(CUT), now=START)
    assert len(inbox.got) == 1


def test_a_broken_journal_is_told_once_by_a_worker_that_lives_on(facts: Facts) -> None:
    inbox, facts.broken = Inbox(), True
    one = herald(facts, inbox)
    for run in (failed(CUT), failed(CUT), OK):
        one.after(run, now=START)
    assert [title.partition(" (")[0] for title in inbox.got] == ["tiersync: run failed", "tiersync: right again"]


def test_the_sign_of_life_follows_runs_that_did_their_work(facts: Facts) -> None:
    beats: list[str] = []
    one = herald(facts, Inbox(), beats)
    for outcome, count in [(RunOutcome.OK, 1), (RunOutcome.HELD, 1), (RunOutcome.FAILED, 1), (RunOutcome.PARTIAL, 2)]:
        one.after(ended(outcome, GUARD), now=START)
        assert len(beats) == count


class Server(HTTPServer):
    """Takes whatever arrives; answers with `statuses`, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.arrived: list[tuple[str, str, bytes]] = []
        self.statuses: list[int] = []


class Taking(BaseHTTPRequestHandler):
    server: Server

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.arrived.append((self.command, self.path, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    do_GET = do_POST = _take  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in http.server
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_alert_arrives_where_apprise_carries_it(server: Server) -> None:
    said: list[str] = []
    notifier = AppriseNotifier([f"json://127.0.0.1:{server.server_port}/s3cret"], tell=said.append)
    assert notifier.send("tiersync: run failed", "because")
    ((method, path, body),) = server.arrived
    assert (method, path) == ("POST", "/s3cret")
    assert b"tiersync: run failed" in body
    assert b"because" in body
    assert said == []


def forms(secret: str) -> Sequence[str]:
    return [secret, base64.b64encode(secret.encode()).decode()]


def test_an_alert_that_is_not_taken_says_which_and_never_shows_the_address(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    server.statuses = [500] * 9
    urls = [f"json://127.0.0.1:{server.server_port}/s3cret", "nonsense://s3cret", "json://127.0.0.1:1/s3cret"]
    assert not AppriseNotifier(urls, tell=said.append).send("title", "text")
    assert [line.split(":")[0] for line in said] == [f"alert url {at} of 3" for at in (1, 2, 3)]
    assert not any(form in line for form in forms("s3cret") for line in [*said, *capfd.readouterr()])


def test_one_address_that_takes_it_is_enough(server: Server) -> None:
    urls = ["json://127.0.0.1:1/x", f"json://127.0.0.1:{server.server_port}/"]
    assert AppriseNotifier(urls, tell=lambda _line: None).send("title", "text")


def test_the_heartbeat_is_a_get_and_is_tried_again(server: Server) -> None:
    server.statuses = [503, 500]
    assert heartbeat(f"http://127.0.0.1:{server.server_port}/ping/s3cret", tell=lambda _line: None)
    assert [(method, path) for method, path, _ in server.arrived] == [("GET", "/ping/s3cret")] * 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/s3cret", "http://127.0.0.1:99999/s3cret", "nonsense s3cret"])
def test_a_heartbeat_that_is_not_taken_is_told_without_its_address(url: str) -> None:
    said: list[str] = []
    assert not heartbeat(url, tell=said.append)
    assert len(said) == 1
    assert "s3cret" not in said[0]
