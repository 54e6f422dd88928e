"""Merges, as a person makes them in the browser: the API has none but SOAP and Apex (salesforce.md 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.salesforce.answers import invalid

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org

MOST = 3
"""Records of one merge, the winner included."""
MERGEABLE = ("Account", "Contact", "Case")


def merge(org: Org, sobject: str, winner: str, losers: list[str], *, user: str) -> None:
    """Merge records into one: the losers are deleted and name their winner, their children move to it."""
    table = org.table(sobject)
    live = {row["Id"] for row in table.live()}
    if sobject not in MERGEABLE or not {winner, *losers} <= live or winner in losers or not 1 <= len(losers) < MOST:
        raise invalid("INVALID_OPERATION", "up to two live accounts, contacts or cases can be merged into another one")
    now = org.stamp()
    stamps = {"LastModifiedDate": now, "LastModifiedById": user, "SystemModstamp": now}
    for loser in losers:
        _move(org, sobject, loser, winner, stamps)
        table.put(table.rows[loser] | {"IsDeleted": True, "MasterRecordId": winner} | stamps)
    table.put(table.rows[winner] | stamps)
    org.changes += 1


def _move(org: Org, sobject: str, loser: str, winner: str, stamps: dict[str, str]) -> None:
    moved = stamps if org.switches.merge_moves_children_stamp else {}
    for child in org.objects.values():
        table = org.table(child.name)
        for held in child.fields.values():
            if sobject in held.refers and held.name != "MasterRecordId":
                for row in table.having(held.name, [loser]):
                    new = None if row["Id"] == winner else winner
                    changed = row | {held.name: new} | moved
                    table.put({name: value for name, value in changed.items() if value is not None})
