"""Reference data: who we are here, our currency, the rates."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.crm.salesforce import soql
from connector.crm.salesforce.session import queries
from connector.crm.salesforce.session.checks import bad
from connector.crm.salesforce.session.client import Forbidden, Refused, hides
from connector.errors import BadAnswer

if TYPE_CHECKING:
    from connector.crm.salesforce.session.checks import Record
    from connector.crm.salesforce.session.client import Client

_IDENTITY = re.compile(r"/id/00D\w{12,15}/(005\w{12,15})")
_ANY_DAY = "1900-01-01"
_RATE = Decimal("0.000000000001")


class User(Struct, frozen=True):
    """Who logged in; None where it may not be read."""

    id: str | None = None
    name: str = ""
    currency: str | None = None
    """The currency convertCurrency() converts to; only organisations with several currencies tell."""


def user(client: Client, *, several_currencies: bool) -> User:
    """The user of this session."""
    who = client.credentials.user() or _asked(client)
    if who is None:
        return User()
    fields = ["Username", *(["DefaultCurrencyIsoCode"] if several_currencies else [])]
    try:
        rows = list(queries.records(client, fields, "User", f"Id = {soql.quoted(who)}", what="asking about the user"))
    except (Refused, Forbidden) as error:
        if not hides(error):
            raise
        return User(who)
    told = rows[0] if rows else {}
    currency = told.get("DefaultCurrencyIsoCode")
    return User(who, str(told.get("Username") or ""), str(currency) if currency else None)


def _asked(client: Client) -> str | None:
    """Whose session this is, where the login did not say: a session that may not ask for it tells by its resources."""
    what = "asking who logged in"
    try:
        told = client.get("/services/oauth2/userinfo", what)
        return soql.full_id(str(told.get("user_id") or "")) or None
    except (Refused, Forbidden, BadAnswer):
        pass
    try:
        found = _IDENTITY.search(str(client.get(client.path(""), what).get("identity") or ""))
    except (Refused, Forbidden, BadAnswer):
        return None
    return soql.full_id(found[1]) if found else None


def rates(client: Client, home: str) -> dict[str, list[str | None]]:
    """Home currency per unit, as columns of `currency_rates`; dated ones where the organisation keeps them.

    Salesforce keeps units per corporate unit, so both currencies' rates of a day go in. Raises Refused or Forbidden.
    """
    fields = ["IsoCode", "ConversionRate"]
    fixed = queries.records(client, fields, "CurrencyType", "IsActive = true", what="reading the currencies")
    today = {str(row["IsoCode"]): _decimal(row) for row in fixed}
    if home not in today:
        return {"currency": [], "valid_from": [], "rate": []}
    days = _dated(client)
    found: dict[tuple[str, str], Decimal] = {}
    for code, rate in today.items():
        found[code, _ANY_DAY] = today[home] / rate
        for day in sorted({*days.get(code, {}), *days.get(home, {})}):
            found[code, day] = _on(days, home, day, today) / _on(days, code, day, today)
    rows = sorted((code, day, f"{rate.quantize(_RATE):f}") for (code, day), rate in found.items() if code != home)
    return {name: [row[place] for row in rows] for place, name in enumerate(("currency", "valid_from", "rate"))}


def _dated(client: Client) -> dict[str, dict[str, Decimal]]:
    fields = ["IsoCode", "StartDate", "ConversionRate"]
    days: dict[str, dict[str, Decimal]] = {}
    try:
        for row in queries.records(client, fields, "DatedConversionRate", what="reading the dated rates"):
            days.setdefault(str(row["IsoCode"]), {})[str(row["StartDate"])] = _decimal(row)
    except (Refused, Forbidden) as error:  # advanced currency management is off
        if not hides(error):
            raise
        return {}
    return days


def _on(days: dict[str, dict[str, Decimal]], code: str, day: str, today: dict[str, Decimal]) -> Decimal:
    """The rate of a day: the last one that began by then, else the fixed one."""
    begun = [start for start in days.get(code, {}) if start <= day]
    return days[code][max(begun)] if begun else today.get(code, Decimal(1))


def _decimal(row: Record) -> Decimal:
    try:
        rate = Decimal(str(row["ConversionRate"]))
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or rate <= 0:
        raise bad("reading the rates", f"the rate of {row['IsoCode']} is no positive number")
    return rate
