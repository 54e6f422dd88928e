"""What every Salesforce answer must look like before anything is believed of it (pure).

A 200 is not a proof: a page may claim 500 rows and hold none, a locator may lead back to where one was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]
_DATA_API = "/services/data/"


def bad(what: str, why: str) -> BadAnswer:
    """The error for an answer that cannot be trusted."""
    return BadAnswer(f"{what}: {why}", hint="nothing was written; run again, and tell the CRM's support if it stays")


def records(document: Mapping[str, Any], what: str) -> list[Record]:
    """`records`, a list of objects."""
    found = document.get("records")
    if not isinstance(found, list):
        raise bad(what, "Salesforce's answer has no list of records")
    if not all(record.__class__ is dict for record in found):
        raise bad(what, "Salesforce's answer holds a record that is no object")
    return found


def total(document: Mapping[str, Any], what: str) -> int:
    """`totalSize`."""
    found = document.get("totalSize")
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise bad(what, "Salesforce's answer has no totalSize")
    return found


def following(document: Mapping[str, Any], seen: set[str], what: str) -> str | None:
    """The path of the next page, None on the last one; it must be new, and of the data API of this very host."""
    done, path = document.get("done"), document.get("nextRecordsUrl")
    if done is True and path is None:
        return None
    if not isinstance(path, str) or not path.startswith(_DATA_API) or done is not False:
        raise bad(what, "Salesforce's answer says that more follows and not where, or both that it ends and goes on")
    if path in seen:
        raise bad(what, "the pages go in a circle")
    seen.add(path)
    return path


def ids(found: list[Record], what: str) -> list[str]:
    """The id of every record."""
    try:
        names = [record["Id"] for record in found]
    except KeyError:
        raise bad(what, "Salesforce's answer holds a record without id") from None
    if not all(isinstance(name, str) and name for name in names):
        raise bad(what, "Salesforce's answer holds a record without a usable id")
    return names
