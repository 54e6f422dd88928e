"""How HubSpot fails: the answers of hubspot.md 2.3 and 3.3, and what can happen to a good answer on its way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from connector.sandbox.answers import HTML, Answer
from connector.sandbox.hubspot.access import missing_scopes, unauthenticated
from connector.sandbox.hubspot.answers import Refusal, invalid
from connector.sandbox.hubspot.limits import too_many
from connector.sandbox.spoils import COMMON, TRANSPORT, spoil

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.faults import Rule
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.spoils import Options

EDGE = (500, 502, 503, 504, 521, 522, 523, 524, 525, 526, 530)
"""Statuses that come from the edge, with HTML instead of JSON."""


def _locked(_options: Options) -> Refusal:
    return Refusal(423, "The record is locked by another operation, try again in 2 seconds.", category="LOCKED")


def _moving(options: Options) -> Refusal:
    seconds = str(options.get("retry_after", 3600)).encode()
    text = "This account is being migrated to another data center."
    return Refusal(477, text, headers=((b"retry-after", seconds),), category="MIGRATION_IN_PROGRESS")


def _expired(_options: Options) -> Refusal:
    text = "The OAuth token used to make this call expired 0 second(s) ago."
    return Refusal(401, text, category="EXPIRED_AUTHENTICATION")


def _scopes(options: Options) -> Refusal:
    return missing_scopes(tuple(options.get("scopes", ["crm.objects.companies.read"])))


def _conditional(options: Options) -> Refusal:
    name = str(options.get("property", "seg_reason"))
    text = f"{name} is required because of a conditional property rule based on [country]"
    code = "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
    return invalid(text, errors=[{"message": text, "code": code, "context": {"propertyName": [name]}}])


REFUSALS: dict[str, Callable[[Options], Refusal]] = {
    "429-daily": lambda _: too_many("DAILY", "daily"),
    "429-ten-secondly": lambda _: too_many("TEN_SECONDLY_ROLLING", "ten_secondly_rolling"),
    "429-secondly": lambda _: too_many("SECONDLY", "secondly"),
    "423": _locked,
    "477": _moving,
    "401-expired": _expired,
    "401-invalid": lambda _: unauthenticated(),
    "403-scopes": _scopes,
    "400-conditional": _conditional,
}


def instead(rule: Rule, portal: Portal) -> Answer | None:
    """Give the answer that a fault sends instead of doing anything; None when the call is done all the same."""
    if rule.action in REFUSALS:
        return REFUSALS[rule.action](rule.options).answer(portal.correlation())
    if rule.action.isdigit():
        return Answer(int(rule.action), f"<html><body><h1>{rule.action}</h1></body></html>".encode(), HTML)
    if rule.action == "answer":
        body = rule.options.get("body", "")
        content = body.encode() if isinstance(body, str) else orjson.dumps(body)
        return Answer(int(rule.options.get("status", 200)), content)
    return None


def _without_results(body: bytes, _options: Options) -> bytes:
    content = orjson.loads(body)
    content.pop("results", None)
    return orjson.dumps(content)


def _one_short(body: bytes, _options: Options) -> bytes:
    content = orjson.loads(body)
    content["results"] = content["results"][1:]
    return orjson.dumps(content)


def _set_property(body: bytes, options: Options) -> bytes:
    content = orjson.loads(body)
    for record in content.get("results", [content]):
        if options["property"] in record.get("properties", {}):
            record["properties"][options["property"]] = options["value"]
    return orjson.dumps(content)


def _unknown_type(body: bytes, options: Options) -> bytes:
    content = orjson.loads(body)
    for found in content["results"]:
        if options.get("property") in {None, found["name"]}:
            found["type"] = "json"
    return orjson.dumps(content)


SPOILS: dict[str, Callable[[bytes, Options], bytes]] = {
    **COMMON,
    "no-results": _without_results,
    "drop-result": _one_short,
    "set-property": _set_property,
    "unknown-type": _unknown_type,
    "no-fraction": lambda body, _options: re.sub(rb"(T\d\d:\d\d:\d\d)\.\d{3}Z", rb"\1Z", body),
    "no-headers": lambda body, _options: body,
}


def spoiled(rule: Rule, found: Answer) -> Answer:
    """Give the answer as the fault leaves it: the status stays what it was."""
    if rule.action == "no-headers":
        found = Answer(found.status, found.body, found.headers[:1])
    return spoil(rule, found, SPOILS)


ACTIONS = (*REFUSALS, *map(str, EDGE), "answer", *SPOILS, *TRANSPORT)
