"""What the rules say of an account, how that differs from what the CRM holds, and the population's figures."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model.changes import Target


class Verdict(Struct, frozen=True):
    """All outputs of one account, canonical text by output name, and its warnings in ascending order."""

    account: str
    values: Mapping[str, str | None]
    warnings: tuple[str, ...]


class Difference(NamedTuple):
    """One property whose wanted value is not the one found (in the pulled data)."""

    account: str
    target: Target
    record: str
    property: str
    wanted: str | None
    found: str | None
    follows: bool = False


class AccountContext(Struct, frozen=True):
    """What guards, causes and people need to know about an account whose record differs."""

    account: str
    name: str | None
    owner: str | None
    revenue_cents: int | None
    tier_before: str | None
    tier_wanted: str | None
    say_no_before: bool | None
    say_no_wanted: bool | None
    data_changed: bool | None = None
    """Whether the account's own records differ from those of `EvaluationRequest.before`; None where nobody compared."""
    group: str | None = None
    """What names its group within one evaluation: its members all carry the group's revenue. None without others."""
    group_changed: bool = False
    """Whether its group gained or lost a member since `EvaluationRequest.before`."""
    rates_changed: bool = False
    """Whether a rate by which deals of its group are converted changed since `EvaluationRequest.before`."""


class PopulationFigures(Struct, frozen=True):
    """Figures of the whole population: the denominators of the guards."""

    evaluated: int
    active_customers: int
    had_tier: int
    """Accounts that had a tier before this run."""
    had_tier_by_owner: Mapping[str, int]
    revenue_had_tier_cents: int
    """Revenue of the accounts that had a tier before, that of a group once."""


class State(StrEnum):
    """What is known of a value."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    OFF = "not applicable"


class NodeValue(Struct, frozen=True):
    """One named column of the rules for one account, as text."""

    name: str
    state: State
    value: str | None


class KeptValues(NamedTuple):
    """Some values of one account, by name: the text, None when unknown, NOT_APPLICABLE when it does not arise."""

    account: str
    name: str | None
    group: int
    """Equal for the accounts of one group."""
    values: Mapping[str, str | None]


NOT_APPLICABLE = "\N{EN DASH}"
"""Stands for a value that does not arise; no text of a rule is a lone dash."""


class Explanation(Struct, frozen=True):
    """One account with every value its verdict was worked out from, in the order of evaluation."""

    verdict: Verdict
    name: str | None
    nodes: tuple[NodeValue, ...]
    not_configured: Mapping[str, str]
    """Names of the rules that the data cannot feed, and why."""
