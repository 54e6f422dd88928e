"""What every HubSpot answer must look like before anything is believed of it (pure).

A 200 is not a proof: cut bodies, proxies and half-written pages answer 200 too. Each check returns what it read
or raises BadAnswer, which stops the run before any write.
"""

from __future__ import annotations

from itertools import pairwise
from operator import lt
from typing import TYPE_CHECKING, Any

from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Record = dict[str, Any]
_A_FEW = 5


def bad(what: str, why: str) -> BadAnswer:
    """The error for an answer that cannot be trusted."""
    return BadAnswer(f"{what}: {why}", hint="nothing was written; run again, and tell the CRM's support if it stays")


def results(document: Mapping[str, Any], what: str) -> list[Record]:
    """`results`, a list of objects."""
    found = document.get("results")
    if not isinstance(found, list):
        raise bad(what, "HubSpot's answer has no list of results")
    for record in found:
        if not isinstance(record, dict):
            raise bad(what, "HubSpot's answer holds a result that is no object")
    return found


def records(document: Mapping[str, Any], what: str) -> list[Record]:
    """`results` where every one has a text `id` of digits and an object of `properties`."""
    found = results(document, what)
    try:
        for record in found:
            if not record["id"].isdecimal() or record["properties"].__class__ is not dict:
                raise bad(what, "HubSpot's answer holds a record without a usable id or properties")
    except (KeyError, AttributeError, TypeError):
        raise bad(what, "HubSpot's answer holds a record without id or properties") from None
    return found


def ascending(found: list[Record], last: int, what: str) -> int:
    """The highest id; ids must ascend strictly and stay above `last` (a repeated page does not)."""
    numbers = [last, *(int(record["id"]) for record in found)]
    if not all(map(lt, numbers, numbers[1:])):
        first = next(later for earlier, later in pairwise(numbers) if later <= earlier)
        raise bad(what, f"record {first} comes twice or out of order; a page may have been repeated or skipped")
    return numbers[-1]


def after(document: Mapping[str, Any], previous: str | None, what: str) -> str | None:
    """The cursor of the next page, or None on the last; it must be a text that was not used just now."""
    paging = document.get("paging")
    if paging is None:
        return None
    try:
        if paging.get("next") is None:
            return None
        cursor = paging["next"]["after"]
    except (AttributeError, KeyError, TypeError):
        raise bad(what, "HubSpot's answer has a next page without a cursor") from None
    if not isinstance(cursor, str | int) or not str(cursor) or str(cursor) == previous:
        raise bad(what, "the cursor of the next page does not advance")
    return str(cursor)


def total(document: Mapping[str, Any], what: str) -> int:
    """`total` of a search."""
    found = document.get("total")
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise bad(what, "HubSpot's answer has no total")
    return found


def left(document: Mapping[str, Any], what: str) -> int:
    """How many records of a search come after this page, by its total; at least one when it tells of another page."""
    behind = total(document, what) - len(results(document, what))
    return max(behind, int(after(document, None, what) is not None))


def ids_in_errors(document: Mapping[str, Any], key: str, *, category: str) -> set[str]:
    """Ids that a 207 names in `errors[].context[key]` under one category; one entry may carry many."""
    found: set[str] = set()
    for error in document.get("errors") or ():
        if not isinstance(error, dict) or error.get("category") != category:
            continue
        context = error.get("context")
        ids = context.get(key) if isinstance(context, dict) else None
        found.update(map(str, ids if isinstance(ids, list) else ()))
    return found


def nothing_missing(asked: Iterable[str], accounted: Collection[str], what: str) -> None:
    """Every id asked for must be answered or named as missing."""
    lost = [record for record in asked if record not in accounted]
    if lost:
        names = ", ".join(lost[:_A_FEW]) + (", …" if len(lost) > _A_FEW else "")
        raise bad(what, f"HubSpot left out {len(lost)} of the records asked for without a word ({names})")
