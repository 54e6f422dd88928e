"""Domain 2.8, 11.14: parents, subsidiaries and the group that answers value questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.world import Account, Group, World

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_CHAIN = 10


def form_groups(world: World) -> None:
    """Domain 2.8: roll up to the ultimate parent; excluded accounts are never counted (2.6)."""
    together: dict[str, list[Account]] = {}
    rolled = world.parameters.text("rollup") == "ultimate_parent"
    for account in sorted(world.accounts.values(), key=lambda one: one.id):
        key = account.id
        if rolled and account.row.text("parent_id"):
            found = ultimate_parent(account, world.accounts)
            if found is None:
                account.warnings.add("HIERARCHY_BROKEN")
            key = found or account.id
        together.setdefault(key, []).append(account)
    for key, everybody in together.items():
        members = [account for account in everybody if not account.excluded]
        if not members:
            continue
        group = Group(members, everybody, world.accounts[key])
        world.groups.append(group)
        for account in members:
            account.group = group


def ultimate_parent(account: Account, accounts: Mapping[str, Account]) -> str | None:
    """The id at the end of the chain, None for a loop, an unreadable parent or more than ten steps."""
    seen = [account.id]
    while parent := accounts[seen[-1]].row.text("parent_id"):
        if parent in seen or parent not in accounts or len(seen) > LONGEST_CHAIN:
            return None
        seen.append(parent)
    return seen[-1]
