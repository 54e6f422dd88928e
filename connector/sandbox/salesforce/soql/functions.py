"""Functions of a query on one value: parts of dates, labels, and money in the user's currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.org.schema import Field
from connector.sandbox.salesforce.org.times import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.soql.names import Ref

MONTH = 3
DATES: dict[str, Callable[[str], Any]] = {
    "CALENDAR_YEAR": lambda text: int(text[:4]),
    "CALENDAR_QUARTER": lambda text: (int(text[5:7]) + MONTH - 1) // MONTH,
    "CALENDAR_MONTH": lambda text: int(text[5:7]),
    "FISCAL_YEAR": lambda text: int(text[:4]),
    "FISCAL_QUARTER": lambda text: (int(text[5:7]) + MONTH - 1) // MONTH,
    "DAY_IN_MONTH": lambda text: int(text[8:10]),
    "DAY_ONLY": lambda text: text[:DAY],
}


def dated(name: str, ref: Ref) -> tuple[Field, Callable[[Record], Any], None]:
    """Give a part of a date as a field of its own and what reads it."""
    cut, get = DATES[name], ref.get

    def read(record: Record) -> Any:
        value = get(record)
        return None if value is None else cut(value)

    return Field(name, "date" if name == "DAY_ONLY" else "int"), read, None


def converted(org: Org, user: str, ref: Ref) -> Callable[[Record], Any]:
    """Give what reads an amount in the running user's currency; null where a rate is not known.

    Under advanced currency management the rate of the close date counts, else the one of today.
    """
    target = org.table("User").rows[user].get("DefaultCurrencyIsoCode", org.identity.currency)
    get, rates = ref.get, Rates(org)

    def read(record: Record) -> Any:
        value, day = get(record), record.get("CloseDate") if org.identity.dated_rates else None
        if value is None:
            return None
        origin, wanted = rates.rate(record.get("CurrencyIsoCode", target), day), rates.rate(target, day)
        return None if origin is None or wanted is None else round(value / origin * wanted, 2)

    return read


class Rates:
    """Units of each currency for one of the corporate currency."""

    def __init__(self, org: Org) -> None:
        self._now = {row["IsoCode"]: row["ConversionRate"] for row in org.table("CurrencyType").rows.values()}
        self._dated = sorted(
            (row["IsoCode"], row["StartDate"], row["ConversionRate"])
            for row in org.table("DatedConversionRate").rows.values()
        )

    def rate(self, code: str | None, day: str | None) -> float | None:
        """Give the rate of a currency on a day, or today's."""
        if day is not None:
            held = [rate for iso, start, rate in self._dated if iso == code and start <= day]
            if held:
                return float(held[-1])
        return self._now.get(code or "")
