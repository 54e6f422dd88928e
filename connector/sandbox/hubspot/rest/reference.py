"""Reference data: owners, account details, usage, currencies and record limits (hubspot.md 5.9-5.11)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.sandbox.answers import answer
from connector.sandbox.hubspot.account.catalogue import add_options
from connector.sandbox.hubspot.account.kinds import KINDS, Kind
from connector.sandbox.hubspot.account.times import iso, read_instant, to_moment
from connector.sandbox.hubspot.answers import invalid, not_found
from connector.sandbox.hubspot.shapes import FLAT

if TYPE_CHECKING:
    from connector.sandbox.answers import Answer
    from connector.sandbox.hubspot.account.portal import Portal
    from connector.sandbox.hubspot.requests import Request

_CURRENCY = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"\d+(\.\d+)?")
MOST_OWNERS = 500
RECORD_LIMIT = 15_000_000
PROPERTY_LIMIT = 1_000


def owner(identity: str, first: str, last: str, *, email: str = "", archived: bool = False, at: int = 0) -> Any:
    """Shape an owner; an archived one has no userId any more."""
    user = 9_000_000 + int(identity) % 1_000_000
    return {
        "id": identity,
        "email": email or f"owner-{identity}@example.com",
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userId": None if archived else user,
        "userIdIncludingInactive": user,
        "createdAt": iso(at),
        "updatedAt": iso(at),
        "archived": archived,
        "teams": [],
    }


def list_owners(portal: Portal, request: Request) -> Answer:
    """Answer a page of owners, active or archived."""
    limit = request.limit(default=100, most=MOST_OWNERS)
    email, archived = request.first("email"), request.flag("archived")
    after = request.after()
    found = [one for one in portal.owners if one["archived"] == archived and email in {"", one["email"]}]
    found = [one for one in sorted(found, key=lambda one: int(one["id"])) if int(one["id"]) >= after]
    content: dict[str, Any] = {"results": found[:limit]}
    if len(found) > limit:
        following = found[limit]["id"]
        link = f"https://api.hubapi.com{request.path}?limit={limit}&after={following}"
        content["paging"] = {"next": {"after": following, "link": link}}
    return answer(content)


def get_owner(portal: Portal, request: Request, identity: str) -> Answer:
    """Answer one owner by id or user id."""
    key = "userId" if request.first("idProperty") == "userId" else "id"
    for found in portal.owners:
        if str(found[key]) == identity and found["archived"] == request.flag("archived"):
            return answer(found)
    raise not_found()


def account_details(portal: Portal, _request: Request) -> Answer:
    """Answer who this account is; no subscription tier is told anywhere."""
    account = portal.account
    offset = to_moment(portal.now()).astimezone(ZoneInfo(account.time_zone)).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    return answer(
        {
            "portalId": account.portal_id,
            "accountType": account.kind,
            "timeZone": account.time_zone,
            "companyCurrency": account.currency,
            "additionalCurrencies": account.additional_currencies,
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": account.ui_domain,
            "dataHostingLocation": account.hosting,
        }
    )


def exchange_rates(portal: Portal, _request: Request) -> Answer:
    """Answer the rates in force now, one per currency."""
    now = portal.stamp()
    current: dict[str, Any] = {}
    for rate in sorted(portal.rates, key=lambda found: str(found["effectiveAt"])):
        if rate["effectiveAt"] <= now:
            current[rate["fromCurrencyCode"]] = rate
    return answer({"results": [_rate(found) for found in current.values()]})


def create_exchange_rate(portal: Portal, request: Request) -> Answer:
    """Add a rate; its currency becomes one of the account's."""
    asked = request.json(FLAT)
    currency, rate = str(asked.get("fromCurrencyCode") or ""), str(asked.get("conversionRate") or "")
    if not _CURRENCY.fullmatch(currency) or not _RATE.fullmatch(rate):
        raise invalid("A rate needs fromCurrencyCode and a positive conversionRate")
    now = portal.stamp()
    try:
        at = iso(read_instant(str(asked.get("effectiveAt") or now)))
    except (ValueError, OverflowError):
        raise invalid(f"{asked['effectiveAt']} is no instant") from None
    pair = {"fromCurrencyCode": currency, "toCurrencyCode": portal.account.currency}
    portal.rates.append({"id": str(portal.mint()), **pair, "rate": rate, "effectiveAt": at})
    portal.rates[-1] |= {"createdAt": now, "updatedAt": now}
    add_currency(portal, currency)
    portal.changes += 1
    return answer(_rate(portal.rates[-1]), 201)


def add_currency(portal: Portal, currency: str) -> None:
    """Let deals be in this currency."""
    others = {*portal.account.additional_currencies, currency} - {portal.account.currency}
    portal.account.additional_currencies = sorted(others)
    catalogue = portal.catalogues["deals"]
    catalogue.set(add_options(catalogue.get("deal_currency_code"), [currency]))


def all_exchange_rates(portal: Portal, _request: Request) -> Answer:
    """Answer every rate, past ones included."""
    return answer({"results": [_rate(found) for found in portal.rates]})


def _rate(found: dict[str, Any]) -> dict[str, Any]:
    # The vendor writes the rate as a JSON number; inside it stays the exact text it was given as.
    shown = {key: value for key, value in found.items() if key != "rate"}
    return shown | {"conversionRate": float(found["rate"]), "visibleInUI": True}


def company_currency(portal: Portal, _request: Request) -> Answer:
    """Answer the account's own currency."""
    return answer({"currencyCode": portal.account.currency})


def record_limits(portal: Portal, _request: Request) -> Answer:
    """Answer record counts per object type."""
    counts = [_usage(kind, len(portal.shelves[kind.name].live), RECORD_LIMIT) for kind in KINDS]
    return answer({"hubspotDefinedObjectTypes": counts, "customObjectTypes": {"byObjectType": []}})


def property_limits(portal: Portal, _request: Request) -> Answer:
    """Answer how many custom properties each object type has."""
    counts = [_usage(kind, _custom(portal, kind), PROPERTY_LIMIT) for kind in KINDS]
    return answer({"byObjectType": counts, "overallUsage": sum(count["usage"] for count in counts)})


def _custom(portal: Portal, kind: Kind) -> int:
    held = portal.catalogues[kind.name].definitions.values()
    return sum(not found.get("hubspotDefined") for found in held)


def _usage(kind: Kind, usage: int, limit: int) -> dict[str, Any]:
    label = kind.singular.replace("_", " ").capitalize()
    names = {"singularLabel": label, "pluralLabel": kind.name.replace("_", " ").capitalize()}
    return {"objectTypeId": kind.type_id, **names, "usage": usage, "limit": limit, "percentage": usage * 100 / limit}


def property_validations(_portal: Portal, _request: Request, _type_id: str) -> Answer:
    """Answer the validation rules an admin set: none here."""
    return answer({"results": []})
