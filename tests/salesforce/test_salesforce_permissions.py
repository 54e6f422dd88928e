"""Granting permissions: every field sent is answered for, and a refusal without words is still one."""

from __future__ import annotations

from typing import Any

import pytest

from connector.crm.salesforce.provisioning import permissions
from connector.errors import StopRun
from tests.hubspot.scripted import Reply, scripted
from tests.salesforce.parts import salesforce_at
from tests.salesforce.tiny import organisation

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
