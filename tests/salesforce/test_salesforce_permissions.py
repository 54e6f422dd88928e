"""Granting permissions: every field sent is answered for, and a refusal without words is still one."""

from __future__ import annotations

from typing import Any

import pytest

from connector.crm.salesforce.provisioning import metadata, permissions
from connector.errors import StopRun
from tests.hubspot.scripted import Reply, scripted
from tests.salesforce.parts import salesforce_at
from tests.salesforce.test_salesforce_changes import ADMIN_LOGIN, Org, org
from tests.salesforce.tiny import organisation

__all__ = ["org"]
GRANTS = permissions.Grants(permissions.INTEGRATION, {"Account.Seg_Tier__c": True, "Account.Seg_Reason__c": True})
GOOD: dict[str, Any] = {"success": True, "id": "01kxx0000000001AAA", "errors": []}


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([GOOD], "2 were sent and 1 are answered"),
        ([GOOD, {"success": False}], "REFUSED"),
        ([GOOD, 7], "REFUSED"),
        ([GOOD, {"success": False, "errors": [{"statusCode": "NO_ACCESS", "message": "not you"}]}], "NO_ACCESS"),
    ],
)
def test_a_permission_that_was_not_granted_is_told(results: list[Any], words: str) -> None:
    with scripted(organisation()) as server:
        server.only("composite/sobjects", Reply(200, results))
        with pytest.raises(StopRun, match=words) as caught:
            permissions.grant(salesforce_at(server.url)._client, GRANTS, "0PSxx0000000001AAA", {})
    assert caught.value.hint


def test_a_permission_set_without_an_id_is_not_granted_to() -> None:
    with scripted(organisation()) as server:
        server.only("sobjects/PermissionSet", Reply(201, {"success": True}))
        with pytest.raises(StopRun, match="does not say what it made"):
            permissions.grant(salesforce_at(server.url)._client, GRANTS, None, {})


def test_what_was_granted_already_is_no_refusal() -> None:
    twice = {"success": False, "errors": [{"statusCode": "DUPLICATE_VALUE", "message": "there"}]}
    with scripted(organisation()) as server:
        server.only("composite/sobjects", Reply(200, [GOOD, twice]))
        place = permissions.grant(salesforce_at(server.url)._client, GRANTS, "0PSxx0000000001AAA", {})
    assert place == "0PSxx0000000001AAA"


@pytest.mark.parametrize("fault", ["reset-after", "html"])
def test_a_permission_set_whose_making_was_not_answered_is_the_one_that_is_used(org: Org, fault: str) -> None:
    org.ask("POST", "/_sandbox/faults", {"action": fault, "method": "POST", "path": "PermissionSet$", "times": 1})
    client = salesforce_at(org.url, login=ADMIN_LOGIN)._client
    kind = permissions.PermissionSet("Another_Set", "Another Set", edits=False)
    assert permissions.grant(client, permissions.Grants(kind, {}), None, {}) == permissions.found(client, kind)[0]


def test_a_session_that_expires_while_fields_are_made_is_replaced(org: Org) -> None:
    crm = salesforce_at(org.url, login=ADMIN_LOGIN)
    assert crm.user()
    org.ask("POST", "/_sandbox/access", {"expire_now": True})
    assert [found.tag for found in metadata.read(crm._client, ["Account.Nowhere__c"])] == []
    assert crm.requests() == 5, "the login, the question, the refusal, the login, the answer"
