"""Whatever is sent, the answer is the vendor's: never a failure of the sandbox itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sandbox.salesforce.routes import ROUTES, Route

if TYPE_CHECKING:
    from tests.contract.sandbox_salesforce.desk import Desk

SERVER = 500
KEYS = [
    "records",
    "attributes",
    "type",
    "id",
    "Id",
    "Name",
    "allOrNone",
    "compositeRequest",
    "method",
    "url",
    "referenceId",
    "body",
    "ids",
    "fields",
    "operation",
    "object",
    "query",
    "state",
    "FullName",
    "Metadata",
    "label",
    "length",
    "valueSet",
    "value",
    "externalIdFieldName",
    "StageName",
    "CloseDate",
    "ParentId",
    "Field",
    "SobjectType",
    "AssigneeId",
    "Amount",
    "OpportunityId",
    "lineEnding",
    "columnDelimiter",
    "contentType",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=6,
)
RECORD = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5).flatmap(
    lambda record: st.sampled_from(["Account", "Opportunity", "FieldPermissions", 5]).map(
        lambda kind: {**record, "attributes": {"type": kind}}
    )
)
CALL = st.fixed_dictionaries(
    {"method": st.sampled_from(["GET", "POST", "x"]), "url": JSON | st.just("/services/data/v66.0/sobjects/Account")},
    optional={"body": JSON, "referenceId": JSON, "httpHeaders": JSON},
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "records": st.lists(RECORD, max_size=3),
        "compositeRequest": st.lists(CALL, max_size=3),
        "allOrNone": JSON,
        "ids": JSON,
        "fields": JSON,
    },
)
FIELD = st.fixed_dictionaries(
    {
        "FullName": st.just("Account.X__c") | JSON,
        "Metadata": st.fixed_dictionaries(
            {
                "type": st.sampled_from(["Text", "Picklist", "Number", "Checkbox", "Lookup", "LongTextArea"]),
                "label": st.just("X"),
            },
            optional=dict.fromkeys(("length", "precision", "scale", "valueSet", "defaultValue", "visibleLines"), JSON),
        ),
    }
)
SENDING = [route for route in ROUTES if route.method in {"POST", "PATCH", "PUT"}]


def path(route: Route, name: str) -> str:
    """Fill the gaps of a route: an object, then values that mean nothing."""
    parts = iter([name if "sobjects/" in route.pattern.pattern else "x", "Id", "0015g00000000G8AAI"])
    return re.sub(r"\(\[\^/\]\+\)", lambda _gap: next(parts), route.pattern.pattern.removesuffix("/?"))


@pytest.mark.parametrize("route", SENDING, ids=lambda route: f"{route.method} {route.pattern.pattern}")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=JSON | RECORDS | FIELD,
    name=st.sampled_from(["Account", "Opportunity", "Case", "PermissionSet", "FieldPermissions", "Nix"]),
)
def test_any_body_is_answered_in_the_vendors_way(desk: Desk, route: Route, body: object, name: str) -> None:
    reply = desk.as_admin().ask(route.method, path(route, name), body, content_type="text/csv")
    assert reply.status < SERVER, reply.text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(
        st.sampled_from(
            [
                "SELECT",
                "Id",
                "Name",
                "Amount",
                ",",
                ".",
                "(",
                ")",
                "FROM",
                "Account",
                "Opportunity",
                "WHERE",
                "=",
                "!=",
                "<",
                "LIKE",
                "IN",
                "NOT",
                "AND",
                "OR",
                "'a'",
                "5",
                "1.5",
                "null",
                "true",
                "TODAY",
                "LAST_N_DAYS:9999999",
                "2026-01-01",
                "2026-02-31",
                "2026-01-01T00:00:00Z",
                "ORDER",
                "BY",
                "LIMIT",
                "OFFSET",
                "GROUP",
                "COUNT()",
                "SUM(Amount)",
                "CloseDate",
                "Owner.Name",
                "IsWon",
                "N_YEARS_AGO:99999",
            ]
        ),
        max_size=14,
    ).map(" ".join)
)
def test_any_query_is_answered_in_the_vendors_way(desk: Desk, text: str) -> None:
    for whole in (text, f"SELECT Id FROM Opportunity WHERE {text}", f"SELECT {text} FROM Opportunity"):
        assert desk.query(whole).status < SERVER, whole
