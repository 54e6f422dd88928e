"""A CRM that answers 429 to everything, logins included: few requests, ever further apart, and an end that says when.

A real server counts the requests; the provider's clock moves only when it waits, so a storm of hours takes a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from connector.crm.salesforce import Login
from connector.errors import ComeBackLater, StopRun
from connector.model.changes import RecordWrite, Target
from connector.model.fields import Table
from connector.model.secrets import Secret
from connector.ports import PullRequest
from tests.hubspot.parts import NOW, FakeClock, hubspot_at
from tests.hubspot.scripted import Reply, Scripted, scripted
from tests.hubspot.tiny import Tiny
from tests.salesforce.parts import SESSION, salesforce_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.ports import Crm
    from tests.hubspot.scripted import Seen

PATIENCE = 180.0
"""Seconds: `[crm] retry_seconds` as it stands in the settings."""
AT_ONCE = 8
"""Requests that may be under way side by side when the first refusal comes."""
MOST = 60
"""Requests of a call's whole patience, of which there may be some side by side."""
SOON = {"message": "later", "policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
DAY = {"message": "You have reached your daily limit.", "policyName": "DAILY", "errorType": "RATE_LIMIT"}
CONCURRENT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests Limit exceeded."}]
TOTAL = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
STORMS = {
    "a burst": Reply(429, SOON),
    "a second": Reply(429, {**SOON, "policyName": "SECONDLY"}),
    "no body": Reply(429, b""),
    "a page of a proxy": Reply(429, b"<html>slow down</html>"),
    "a wait of 2 s": Reply(429, SOON, headers={"Retry-After": "2"}),
    "no wait at all": Reply(429, SOON, headers={"Retry-After": "0"}),
    "a wait below zero": Reply(429, SOON, headers={"Retry-After": "-5"}),
    "a wait in words": Reply(429, SOON, headers={"Retry-After": "soon"}),
    "a wait that is not a number": Reply(429, SOON, headers={"Retry-After": "nan"}),
    "a date long past": Reply(429, SOON, headers={"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}),
}
OF_SALESFORCE = {"too many at once": Reply(403, CONCURRENT)}
ABSURD = ("100000", "1e300", "999999999999", "Fri, 31 Dec 9999 23:59:59 GMT")
APP: dict[str, Any] = {"token": "", "client_id": "app", "client_secret": "s3cret-of-app", "refresh_token": "refresh-1"}
CREDENTIALS = Login("client_credentials", client_id="app", client_secret=Secret("s3cret-of-app"))


@dataclass
class Storm:
    """A server in a storm, and when each request came by the provider's clock."""

    server: Scripted
    clock: FakeClock = field(default_factory=FakeClock)
    came: list[float] = field(default_factory=list)

    def answers(self, reply: Reply) -> None:
        def rule(_: Seen) -> Reply:
            self.came.append(self.clock.at)
            return reply

        self.server.rule = rule

    def calm_is(self, most: int) -> None:
        """Bounded, and spaced: after those side by side there is a breath between any two, in the mean a long one."""
        assert 1 <= len(self.came) <= most
        later = sorted(self.came)[AT_ONCE:]
        assert all(after - before > 0 for before, after in pairwise(later[::AT_ONCE]))
        assert self.clock.at <= PATIENCE + 1


@pytest.fixture
def storm() -> Iterator[Storm]:
    with scripted(Tiny()) as server:
        yield Storm(server)


def pull(crm: Crm) -> None:
    columns = {Table.ACCOUNTS: ("account_id", "name"), Table.DEALS: ("deal_id", "name", "amount")}
    crm.pull(PullRequest(columns), lambda _: None, lambda *_: None)


def read(crm: Crm) -> None:
    crm.read(Target.ACCOUNT, ["1", "2"], ["name"])


def write(crm: Crm) -> None:
    crm.write([RecordWrite(Target.ACCOUNT, "1", (("name", "x"),))])


def ask(crm: Crm) -> None:
    crm.quota()


CRMS: dict[str, Callable[[str, FakeClock], Crm]] = {
    "hubspot": hubspot_at,
    "hubspot app": lambda url, clock: hubspot_at(url, clock, **APP),
    "salesforce": lambda url, clock: salesforce_at(url, clock, login=SESSION),
    "salesforce app": lambda url, clock: salesforce_at(url, clock, login=CREDENTIALS),
}
DEEDS = [pull, read, write, ask]


@pytest.mark.parametrize(
    ("which", "kind"),
    [(which, kind) for which in CRMS for kind in STORMS | (OF_SALESFORCE if which == "salesforce" else {})],
)
def test_a_storm_is_met_with_few_requests_ever_further_apart(storm: Storm, which: str, kind: str) -> None:
    storm.answers((STORMS | OF_SALESFORCE)[kind])
    for deed in (pull, write):
        storm.clock.at, before = 0.0, len(storm.came)
        crm = CRMS[which](storm.server.url, storm.clock)
        with pytest.raises(StopRun):
            deed(crm)
        crm.close()
        storm.came, came = storm.came[before:], storm.came
        storm.calm_is(MOST)
        storm.came = came


@pytest.mark.parametrize("asked", ABSURD)
@pytest.mark.parametrize("which", CRMS)
@pytest.mark.parametrize("deed", DEEDS)
def test_an_absurd_wait_is_not_waited_for_and_ends_with_the_time_to_come_back(
    storm: Storm, which: str, asked: str, deed: Callable[[Crm], None]
) -> None:
    storm.answers(Reply(429, SOON, headers={"Retry-After": asked}))
    crm = CRMS[which](storm.server.url, storm.clock)
    with pytest.raises(ComeBackLater) as error:
        deed(crm)
    assert error.value.resume_at is not None
    assert NOW + timedelta(days=1) <= error.value.resume_at
    assert len(storm.came) <= AT_ONCE
    assert storm.clock.at < 1
    with pytest.raises(ComeBackLater):
        ask(crm)
    crm.close()


@pytest.mark.parametrize(
    ("which", "reply"),
    [("hubspot", Reply(429, DAY)), ("hubspot app", Reply(429, DAY)), ("salesforce", Reply(403, TOTAL))],
)
@pytest.mark.parametrize("deed", DEEDS)
def test_a_used_up_day_ends_everything_at_once(
    storm: Storm, which: str, reply: Reply, deed: Callable[[Crm], None]
) -> None:
    storm.answers(reply)
    crm = CRMS[which](storm.server.url, storm.clock)
    with pytest.raises(ComeBackLater) as error:
        deed(crm)
    assert error.value.code == "QUOTA_USED_UP"
    assert error.value.resume_at is not None
    assert len(storm.came) <= AT_ONCE
    came = len(storm.came)
    for again in DEEDS:
        with pytest.raises(StopRun):
            again(crm)
    assert len(storm.came) <= came + AT_ONCE
    crm.close()
