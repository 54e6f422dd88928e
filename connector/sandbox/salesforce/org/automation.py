"""What the customer's own rules do to writes: flows, validation rules, rows that are locked (salesforce.md 2.4)."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import invalid

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.tables import Record

WHOLE = 10_000


def lock(org: Org, sobject: str, record: Record) -> None:
    """Refuse a record that something else holds; it can be had after so many tries."""
    for rule in org.rules.locks:
        if rule.get("object", sobject) == sobject and _held(rule, record["Id"]):
            tries = rule.setdefault("tries", {})
            tries[record["Id"]] = tries.get(record["Id"], 0) + 1
            if tries[record["Id"]] <= rule.get("times", 1):
                text = f"unable to obtain exclusive access to this record or 1 records: {record['Id']}"
                raise invalid("UNABLE_TO_LOCK_ROW", text)


def _held(rule: dict[str, Any], identity: str) -> bool:
    if "ids" in rule:
        return identity in rule["ids"]
    return zlib.crc32(identity.encode()) % WHOLE < float(rule.get("share", 0)) * WHOLE


def rewrite(org: Org, sobject: str, record: Record, before: Record | None) -> Record:
    """Give a record as the customer's before-save flows and triggers leave it: in the same save, without a word."""
    for rule in org.rules.flows:
        about = rule.get("object", sobject) == sobject and rule.get("on") in {None, _event(before)}
        if about and _matches(rule, record):
            record = record | rule["set"]
    return record


def validate(org: Org, sobject: str, record: Record, before: Record | None) -> None:
    """Refuse a record that one of the customer's validation rules matches, in the customer's words."""
    for rule in org.rules.validations:
        about = rule.get("object", sobject) == sobject and rule.get("on") in {None, _event(before)}
        if about and _matches(rule, record):
            attached = [rule["shown"]] if rule.get("shown") else []
            raise invalid(rule.get("code", "FIELD_CUSTOM_VALIDATION_EXCEPTION"), str(rule["message"]), *attached)


def alert(org: Org, sobject: str, record: Record, before: Record | None) -> None:
    """Refuse a record that a duplicate rule takes for another one; a header lets it be saved all the same."""
    for rule in org.rules.duplicates:
        about = rule.get("object", sobject) == sobject and rule.get("on") in {None, _event(before)}
        if about and _matches(rule, record):
            raise invalid("DUPLICATES_DETECTED", "Use one of these records?")


def _matches(rule: dict[str, Any], record: Record) -> bool:
    value = record.get(rule["field"])
    return re.search(rule.get("pattern", ""), "" if value is None else str(value)) is not None


def _event(before: Record | None) -> str:
    return "create" if before is None else "update"
