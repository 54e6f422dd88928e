"""What an answer means, by status and body."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connector.crm.hubspot.session.answers import again, limit_kind, meaning, problem
from connector.crm.meaning import Meaning
from connector.crm.transport import Answer, NoAnswer
from connector.crm.tries import no_answer
from tests.hubspot.parts import NOW


def answered(status: int, body: Any = b"", **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, data)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Meaning.GOOD),
        (201, Meaning.GOOD),
        (204, Meaning.GOOD),
        (207, Meaning.GOOD),
        (301, Meaning.REDIRECT),
        (307, Meaning.REDIRECT),
        (400, Meaning.REFUSED),
        (401, Meaning.UNAUTHORISED),
        (403, Meaning.FORBIDDEN),
        (404, Meaning.MISSING),
        (409, Meaning.CONFLICT),
        (414, Meaning.REFUSED),
        (415, Meaning.REFUSED),
        (423, Meaning.AGAIN),
        (429, Meaning.AGAIN),
        (477, Meaning.AGAIN),
        (500, Meaning.AGAIN),
        (502, Meaning.AGAIN),
        (524, Meaning.AGAIN),
        (530, Meaning.UNAUTHORISED),
    ],
)
def test_a_status_says_what_happens_next(status: int, expected: Meaning) -> None:
    assert meaning(answered(status, b"<html>")) is expected


def test_an_expired_token_is_told_from_a_wrong_one() -> None:
    assert meaning(answered(401, {"category": "EXPIRED_AUTHENTICATION"})) is Meaning.EXPIRED
    assert meaning(answered(401, {"category": "INVALID_AUTHENTICATION"})) is Meaning.UNAUTHORISED


DAILY = {"errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "You have reached your daily limit."}


@pytest.mark.parametrize(
    ("body", "lane", "kind"),
    [
        (DAILY, "app", "daily"),
        ({"message": "You have reached your daily limit."}, "app", "daily"),
        ({"policyName": "TEN_SECONDLY_ROLLING"}, "search", "burst"),
        ({"category": "RATE_LIMITS", "message": "You have reached your ten_secondly_rolling limit."}, "app", "burst"),
        ({"policyName": "SECONDLY"}, "search", "secondly"),
        ({"groupName": "publicapi:crm:search-secondly:123"}, "search", "secondly"),
        ({"message": "You have reached your secondly limit."}, "app", "secondly"),
        ({}, "search", "secondly"),
        (b"<html>slow down</html>", "links", "burst"),
    ],
)
def test_the_limits_of_a_429_are_told_apart(body: Any, lane: str, kind: str) -> None:
    assert limit_kind(problem(answered(429, body)), lane=lane) == kind
    assert (meaning(answered(429, body)) is Meaning.DAY_USED) == (kind == "daily")


def waits(answer: Answer, lane: str = "app", tries: int = 4) -> list[float]:
    told = again(answer, lane=lane, now=NOW, chance=lambda: 0.0)
    return [told.asked if told.asked is not None else told.seconds(n) for n in range(1, tries + 1)]


def test_waits_grow_as_the_kind_of_refusal_asks() -> None:
    assert waits(answered(429, {"policyName": "SECONDLY"}), "search") == [1, 2, 3, 4]
    assert waits(answered(429, {"policyName": "TEN_SECONDLY_ROLLING"})) == [1, 2, 4, 8]
    assert min(waits(answered(423))) >= 2
    assert waits(answered(503)) == [0.5, 1, 2, 4]
    assert waits(answered(503, Retry_After="17")) == [17] * 4
    assert waits(answered(503, Retry_After="Mon, 01 Jun 2026 06:01:00 GMT")) == [60] * 4
    assert waits(answered(477)) == [86_400] * 4
    assert waits(answered(503, Retry_After="soon")) == [0.5, 1, 2, 4]


def test_only_answers_of_unknown_fate_leave_a_write_in_doubt() -> None:
    fates = {s: again(answered(s), lane="app", now=NOW, chance=lambda: 0.0).applied for s in (423, 429, 477, 500, 504)}
    assert fates == {423: False, 429: False, 477: False, 500: None, 504: None}
    assert no_answer(NoAnswer("x", sent=True), first=False, chance=lambda: 0.0).applied is None
    assert no_answer(NoAnswer("x", sent=False), first=False, chance=lambda: 0.0).applied is False


def test_some_failures_are_tried_a_few_times_only() -> None:
    tries = {s: again(answered(s), lane="app", now=NOW, chance=lambda: 0.0).tries for s in (500, 503, 522, 525, 526)}
    assert tries == {500: 4, 503: 100, 522: 4, 525: 4, 526: 4}
    assert no_answer(NoAnswer("tls", sent=False, hopeless=True), first=False, chance=lambda: 0.0).tries == 1


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"context": {"requiredGranularScopes": ["a", "b"]}}], "context": {"requiredScopes": ["c"]}},
        {"context": {"requiredGranularScopes": ["c", "a", "b"], "links": ["x"]}},
    ],
)
def test_scopes_are_gathered_wherever_they_are(body: Any) -> None:
    assert set(problem(answered(403, body)).scopes()) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('Property values were not valid: [{"message":"no such option","error":"INVALID_OPTION"}]', "no such option"),
        ('not valid: [{"message":"cut', 'not valid: [{"message":"cut'),
        ("not one of: [{a, b}]", "not one of: [{a, b}]"),
        ("plain", "plain"),
    ],
)
def test_words_within_a_message_are_found_where_they_can_be_read(message: str, words: str) -> None:
    assert problem(answered(400, {"message": message})).words() == words


def test_an_error_body_of_any_shape_is_read() -> None:
    for body in (b"", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"errors": {"a": 1}, "context": 5, "message": null}'):
        found = problem(Answer(400, {}, body))
        assert found.words() == "HTTP 400"
        assert found.scopes() == ()
