"""The say-no list with what it saves, and apart from it the accounts to watch (domain.md 7.9).

The stream is read once: totals are over all of it, rows are only those to read first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from connector.report import measures
from connector.report.source import NAMELESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.model.pictures import AdvisedAccount

SCOPES = ("exit_review", "decline", "no_extra_effort")
"""Short lists that a manager reads first, then the long one."""


class AdviceView(Struct, frozen=True):
    """One account with a NO or a warning, and what acting on it saves (domain.md 7.9)."""

    account: str
    name: str | None
    owner: str | None
    tier: str | None
    level: str | None
    status: str
    scope: str | None
    reasons: tuple[str, ...]
    protected_by: tuple[str, ...]
    action: str | None
    action_text: str | None
    reason: str | None
    revenue: Decimal | None
    gross_margin: Decimal | None
    cost_to_serve: Decimal | None
    spend: Decimal | None
    net_contribution: Decimal | None
    money_saved: Decimal | None
    hours_freed: Decimal | None


class AdviceTotals(Struct, frozen=True):
    """One scope of NO, or all of them; an amount is None when it is known of no account."""

    scope: str | None
    accounts: int
    revenue: Decimal
    money_saved: Decimal | None
    hours_freed: Decimal | None


class AdvisedView(Struct, frozen=True):
    """The say-no list and, apart from it, the accounts to watch."""

    say_no: int
    watch: int
    protected: int
    scopes: tuple[AdviceTotals, ...]
    total: AdviceTotals
    rows: tuple[AdviceView, ...]
    watch_rows: tuple[AdviceView, ...]


class _Sums(Struct):
    """Totals being added up; None until something is known."""

    accounts: int = 0
    revenue: Decimal = Decimal("0.00")
    money_saved: Decimal | None = None
    hours_freed: Decimal | None = None

    def add(self, one: AdviceView) -> None:
        self.accounts += 1
        self.revenue += one.revenue or 0
        self.money_saved = _plus(self.money_saved, one.money_saved)
        self.hours_freed = _plus(self.hours_freed, one.hours_freed)

    def view(self, scope: str | None) -> AdviceTotals:
        return AdviceTotals(scope, self.accounts, self.revenue, self.money_saved, self.hours_freed)


class _Shortlist:
    """The first `keep` rows in reading order, in memory that does not grow with the stream."""

    def __init__(self, *, keep: int) -> None:
        self._keep = keep
        self._rows: list[AdviceView] = []

    def add(self, one: AdviceView) -> None:
        self._rows.append(one)
        if len(self._rows) >= 2 * self._keep + 100:
            self._rows = list(self.rows())

    def rows(self) -> tuple[AdviceView, ...]:
        return tuple(sorted(self._rows, key=_reading_order)[: self._keep])


def view_advised(advice: Iterable[AdviceView], *, keep: int) -> AdvisedView:
    """Return the totals of the advice and, of each list, the `keep` rows to read first; reads the stream once."""
    say_no, watch, protected = _Shortlist(keep=keep), _Shortlist(keep=keep), 0
    total, watched, scopes = _Sums(), _Sums(), {scope: _Sums() for scope in SCOPES}
    for one in advice:
        refused = one.status == "say_no"
        (say_no if refused else watch).add(one)
        (total if refused else watched).add(one)
        protected += bool(one.protected_by)
        if refused and one.scope in scopes:
            scopes[one.scope].add(one)
    return AdvisedView(
        say_no=total.accounts,
        watch=watched.accounts,
        protected=protected,
        scopes=tuple(sums.view(scope) for scope, sums in scopes.items() if sums.accounts),
        total=total.view(None),
        rows=say_no.rows(),
        watch_rows=watch.rows(),
    )


def _reading_order(one: AdviceView) -> tuple[int, int, Decimal, str]:
    """Relations to review first; among the accounts to watch the protected ones, whom the machine would refuse."""
    place = SCOPES.index(one.scope) if one.scope in SCOPES else len(SCOPES)
    return (place, 0 if one.protected_by else 1, -(one.revenue or Decimal(0)), one.account)


def _plus(total: Decimal | None, more: Decimal | None) -> Decimal | None:
    return total if more is None else (total or Decimal(0)) + more


def view_advice(one: AdvisedAccount, *, owners: Mapping[str, str] = NAMELESS) -> AdviceView:
    """Return one advised account; what a NO saves is never more than what the account loses (domain.md 7.9)."""
    net = measures.known_amount(one.net_contribution_cents)
    return AdviceView(
        account=one.account,
        name=one.name,
        owner=owners.get(one.owner or "", one.owner),
        tier=one.tier,
        level=one.level,
        status=one.status,
        scope=one.scope,
        reasons=one.reasons,
        protected_by=one.protected_by,
        action=one.action,
        action_text=one.action_text,
        reason=one.reason,
        revenue=measures.known_amount(one.revenue_cents),
        gross_margin=measures.known_amount(one.gross_margin_cents),
        cost_to_serve=measures.known_amount(one.cost_to_serve_cents),
        spend=measures.known_amount(one.spend_cents),
        net_contribution=net,
        money_saved=None if net is None else max(Decimal("0.00"), -net),
        hours_freed=one.energy_hours,
    )
