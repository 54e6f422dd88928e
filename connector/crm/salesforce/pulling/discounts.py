"""The discount of a deal as its line items tell it: weighted by their price before the discount.

Source: domain.md 3.2: `OpportunityLineItem.Discount`, in percent; `UnitPrice` and `Quantity` are before it.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from connector.crm.salesforce import schema
from connector.crm.salesforce.pulling import keyset
from connector.crm.salesforce.session import checks
from connector.crm.salesforce.session.client import Forbidden, Refused, hides
from connector.crm.texts import number

if TYPE_CHECKING:
    from connector.crm.salesforce.session.checks import Record
    from connector.crm.salesforce.session.client import Client

LINES = "OpportunityLineItem"
NAMED = f"{LINES}.Discount"
"""What `[fields] "deals.discount_pct"` says when the discount is on the lines."""
_FIELDS = ("OpportunityId", "Discount", "UnitPrice", "Quantity")
_WHAT = "reading line items"
_PLACES = Decimal("0.01")


def visible(client: Client) -> bool:
    """Whether this user sees the lines and their discount."""
    try:
        lines = schema.read(client, LINES)
    except (Refused, Forbidden) as error:
        if not hides(error):
            raise
        return False
    return all(lines.get(name) is not None for name in _FIELDS)


def read(client: Client, *conditions: str) -> dict[str, str]:
    """Deal id -> percent, of every deal with lines. Memory grows with the deals that have lines."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    selection = keyset.Selection(entity=LINES, fields=_FIELDS, where=conditions)
    for line in (line for page, _ in keyset.pages(client, selection, _WHAT) for line in page.records):
        deal, price = _deal(line), _decimal(line, "UnitPrice") * _decimal(line, "Quantity")
        given, total = sums.get(deal, (Decimal(0), Decimal(0)))
        sums[deal] = (given + price * _decimal(line, "Discount"), total + price)
    return {deal: number(f"{(given / total).quantize(_PLACES):f}") for deal, (given, total) in sums.items() if total}


def _deal(line: Record) -> str:
    found = line.get("OpportunityId")
    if not isinstance(found, str):
        raise checks.bad(_WHAT, "a line does not name its deal")
    return found


def _decimal(line: Record, name: str) -> Decimal:
    """A number of a line; an empty one is none: a line without a discount gives none away."""
    try:
        found = Decimal(str(line[name] or 0))
    except (KeyError, InvalidOperation):
        found = Decimal("NaN")
    if not found.is_finite():
        raise checks.bad(_WHAT, f"a line's {name} is left out, or no number")
    return found
