from urllib.parse import urlencode

import pytest

from tests.contract.sandbox_hubspot.desk import Desk, Reply

CLIENT = {"client_id": "app", "client_secret": "secret"}


def refresh(desk: Desk, held: str = "eu1-refresh", *, path: str = "/oauth/2026-03/token", **more: str) -> Reply:
    form = {"grant_type": "refresh_token", **CLIENT, "refresh_token": held, **more}
    return desk.post(path, urlencode(form).encode())


@pytest.mark.parametrize("token", ["", "11111111-2222-3333-4444-555555555555", "Bearer pat"])
def test_a_token_of_the_wrong_shape_is_refused(desk: Desk, token: str) -> None:
    desk.token = token
    reply = desk.get("/crm/v3/owners")
    assert (reply.status, reply.json["category"]) == (401, "INVALID_AUTHENTICATION")
    assert reply.headers["x-hubspot-auth-failure"] == "401 Unauthorized"


@pytest.mark.parametrize("token", ["pat-na1-1234", "pat-eu1-1234"])
def test_any_static_token_of_the_right_shape_is_accepted_by_default(desk: Desk, token: str) -> None:
    desk.token = token
    assert desk.get("/crm/v3/owners").status == 200


def test_only_the_named_token_is_accepted_when_there_is_one(desk: Desk) -> None:
    desk.portal.access.token = "pat-eu1-right"
    assert desk.get("/crm/v3/owners").status == 401
    desk.token = "pat-eu1-right"
    assert desk.get("/crm/v3/owners").status == 200


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("crm.objects.companies.read", "GET", "/crm/v3/objects/companies", 200),
        ("crm.objects.companies.read", "POST", "/crm/v3/objects/companies", 403),
        ("crm.objects.companies.read", "GET", "/crm/v3/objects/deals", 403),
        ("crm.objects.companies.read", "GET", "/crm/v3/properties/companies", 200),
        ("crm.schemas.companies.read", "GET", "/crm/v3/properties/companies", 200),
        ("crm.schemas.companies.read", "POST", "/crm/v3/properties/companies", 403),
        ("crm.schemas.companies.read", "GET", "/crm/v3/limits/records", 403),
        ("crm.schemas.companies.read", "GET", "/account-info/v3/details", 200),
        ("crm.objects.deals.read", "GET", "/crm/v3/pipelines/deals", 200),
        ("crm.objects.deals.read", "POST", "/crm/v4/associations/deals/companies/batch/read", 200),
        ("tickets", "GET", "/crm/v3/objects/tickets", 200),
        ("tickets", "GET", "/crm/v3/owners", 403),
        ("e-commerce", "GET", "/crm/v3/objects/line_items", 200),
        ("tickets", "GET", "/settings/v3/currencies/exchange-rates/current", 403),
    ],
)
def test_a_scope_opens_what_the_documentation_says(desk: Desk, scope: str, method: str, path: str, status: int) -> None:
    desk.portal.access.scopes[desk.token] = frozenset({scope})
    reply = desk.ask(method, path, {} if method == "POST" else None)
    assert reply.status == status
    if status == 403:
        assert reply.json["category"] == "MISSING_SCOPES"
        assert scope not in reply.json["errors"][0]["context"]["requiredGranularScopes"]


def test_a_missing_scope_names_any_one_of_those_that_would_do(desk: Desk) -> None:
    desk.portal.access.scopes[desk.token] = frozenset()
    reply = desk.get("/crm/v3/properties/deals")
    wanted = ["crm.schemas.deals.read", "crm.objects.deals.read"]
    assert reply.json["errors"] == [
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": wanted},
        }
    ]


@pytest.mark.parametrize(
    ("path", "tells_hub"), [("/oauth/v1/token", False), ("/oauth/v3/token", True), ("/oauth/2026-09/token", True)]
)
def test_a_refresh_hands_out_a_token_that_works_for_half_an_hour(desk: Desk, path: str, *, tells_hub: bool) -> None:
    reply = refresh(desk, path=path)
    assert reply.status == 200
    assert (reply.json["expires_in"], reply.json["refresh_token"]) == (1800, "eu1-refresh")
    assert ("hub_id" in reply.json) is tells_hub
    desk.token = reply.json["access_token"]
    desk.time.seconds += 1799
    assert desk.get("/crm/v3/owners").status == 200
    desk.time.seconds += 5
    late = desk.get("/crm/v3/owners")
    assert (late.status, late.json["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert late.json["message"] == "The OAuth token used to make this call expired 4 second(s) ago."
    assert late.json["context"] == {"expire time": ["2026-11-22T09:30:00Z"]}


def test_a_refresh_token_comes_back_unchanged_unless_rotation_is_on(desk: Desk) -> None:
    assert refresh(desk).json["refresh_token"] == "eu1-refresh"
    desk.portal.access.rotate = True
    fresh = refresh(desk).json["refresh_token"]
    assert fresh != "eu1-refresh"
    assert refresh(desk).status == 400, "the old one is revoked"
    assert refresh(desk, fresh).status == 200


def test_a_bad_refresh_token_is_a_terminal_error(desk: Desk) -> None:
    desk.portal.access.refresh_token = "eu1-other"
    reply = refresh(desk)
    assert (reply.status, reply.json["status"], reply.json["error"]) == (400, "BAD_REFRESH_TOKEN", "invalid_grant")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"client_id": "other"}, "BAD_CLIENT_ID"),
        ({"client_secret": "other"}, "BAD_CLIENT_ID"),
    ],
)
def test_a_refresh_by_a_stranger_is_refused(desk: Desk, more: dict[str, str], status: str) -> None:
    desk.portal.access.client_id, desk.portal.access.client_secret = CLIENT.values()
    assert refresh(desk, **more).json["status"] == status


def test_a_token_can_be_looked_into_and_revoked(desk: Desk) -> None:
    token = refresh(desk).json["access_token"]
    body = urlencode({"token": token}).encode()
    assert desk.post("/oauth/v3/token/introspect", body).json["active"] is True
    assert desk.get(f"/oauth/v1/access-tokens/{token}").json["hub_id"] == 147930284
    desk.post("/oauth/v3/token/revoke", body)
    desk.token = token
    assert desk.get("/crm/v3/owners").status == 401
