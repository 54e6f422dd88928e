"""Why a value changes, as far as what we remember of the last good run can tell; `unknown` where it cannot.

Before all: a value that the rules still want as it was written last was changed in the CRM (planning/compare.py).
Else the first that applies is named, in this order: first assignment, override, parameter edited, rules edited,
another home currency, hierarchy changed, own data changed, the rates its deals are converted by, an undone value
again (planning/undo.py), another language where the tier stays, then peers or time. When rules and data changed
together, the rules are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.changes import Cause
from connector.model.outputs import OVERRIDE_STATUS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from connector.model.verdicts import AccountContext, Difference

PEERS_OR_TIME = f"{Cause.PEERS} or {Cause.TIME}"


class Basis(Struct, frozen=True):
    """What all verdicts of a run rest on, besides the data."""

    rule_version: str | None
    """Covers the rule files and the parameters in force."""
    as_of: date | None
    home_currency: str | None = None
    language: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    """Accounts of which the run left something for a later one, with the cause it changes for."""


def causes(
    context: AccountContext, differences: Sequence[Difference], *, before: Basis | None, now: Basis
) -> tuple[str, str]:
    """Return the cause of the differences whose found value is empty, and of all others, of one account.

    `before` is the last good run's basis.
    """
    shared = _shared(context, differences, before, now)
    first = before is None or context.tier_before is None
    return (Cause.FIRST if first else shared), shared


def _shared(context: AccountContext, differences: Sequence[Difference], before: Basis | None, now: Basis) -> str:
    """Name the cause that all differences of an account have, first assignments aside."""
    if any(found is not None and name == OVERRIDE_STATUS for _, _, _, name, _, found, _ in differences):
        return Cause.OVERRIDE
    return Cause.UNKNOWN if before is None else _since(before, now, context)


def _since(before: Basis, now: Basis, context: AccountContext) -> str:
    if before.rule_version != now.rule_version:
        return Cause.PARAMETERS if _only_other_values(before.parameters, now.parameters) else Cause.RULES
    if before.home_currency != now.home_currency:
        return Cause.CURRENCY
    if context.group_changed:
        return Cause.HIERARCHY
    if context.data_changed:
        return Cause.DATA
    if context.rates_changed:
        return Cause.CURRENCY
    if context.account in before.left:
        return before.left[context.account]
    if before.language not in {None, now.language} and context.data_changed is False and _keeps_its_tier(context):
        return Cause.LANGUAGE
    return _without_own_change(before, now) if context.data_changed is False else Cause.UNKNOWN


def _keeps_its_tier(context: AccountContext) -> bool:
    """A language moves nobody."""
    return context.tier_before == context.tier_wanted


def _only_other_values(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """The version covers rules and parameters; the same names with other values point at a parameter."""
    return before != now and before.keys() == now.keys()


def _without_own_change(before: Basis, now: Basis) -> str:
    """Same rules, same own records: on the same day only peers are left; later it may be either."""
    return Cause.PEERS if before.as_of == now.as_of else PEERS_OR_TIME
