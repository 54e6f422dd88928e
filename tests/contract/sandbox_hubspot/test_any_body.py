"""Law: whatever a client sends, the sandbox answers as a vendor does, never with a fault of its own."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox.hubspot.routes import ROUTES
from tests.contract.sandbox_hubspot.desk import Desk

WORDS = [
    *("inputs", "id", "properties", "filterGroups", "filters", "propertyName", "operator", "value", "values", "sorts"),
    *("limit", "after", "types", "from", "to", "associations", "associationTypeId", "name", "label", "options", "type"),
    *(
        "fieldType",
        "groupName",
        "metadata",
        "stages",
        "idProperty",
        "highValue",
        "effectiveAt",
        "fromCurrencyCode",
        "conversionRate",
        "query",
        "primaryObjectId",
    ),
]
TEXTS = st.sampled_from(["", "1", "name", "amount", "companies", "EQ", "BETWEEN", "default", "true", "closedate", "x"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**13), st.floats(allow_nan=False), TEXTS)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)),
    max_leaves=25,
)
PLACES = st.sampled_from(["companies", "deals", "0-5", "groups", "batch", "1", "name", "labels", "default"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, Any]:
    route = draw(st.sampled_from(ROUTES))
    path = "/".join(draw(PLACES) if part == "*" else part for part in route.path)
    area = "" if route.path[0] in {"token", "access-tokens", "refresh-tokens"} else "crm/"
    version = draw(st.sampled_from(["v3", "v4", "v1"]))
    query = draw(st.sampled_from(["", "?limit=x", "?after=x&limit=5", "?archived=true&properties=name,", "?limit=-1"]))
    prefix = f"/{area}{version}" if area else f"/oauth/{version}"
    return route.method, f"{prefix}/{path}{query}", draw(BODIES)


@settings(max_examples=300, deadline=None)
@given(asked=st.lists(calls(), min_size=1, max_size=4))
def test_no_call_is_answered_with_a_fault_of_the_sandbox(asked: list[tuple[str, str, Any]]) -> None:
    desk = Desk()
    company, deal = desk.create(name="Alpha"), desk.create("deals", dealname="D")
    desk.link(deal, company, 5)
    for method, path, body in asked:
        assert desk.ask(method, path, body).status < 500, (method, path, body)
