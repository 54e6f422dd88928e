"""The accounts as we left them: what we wrote last, and whose they are by the last pull; for an undo's guards."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from connector.errors import ConnectorError
from connector.model.changes import Target
from connector.model.outputs import REVENUE, TIER
from connector.model.verdicts import AccountContext, PopulationFigures
from connector.planning.tally import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.sync.going import Going

CENTS = 100


class Standing:
    """Looked up when it is first asked for; a mirror that cannot be read names no owners, and is no hindrance."""

    def __init__(self, going: Going) -> None:
        self._journal, self._mirror = going.parts.journal, going.parts.mirror

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """Per account its owner, as of the last pull."""
        try:
            return self._mirror.owners()
        except ConnectorError:
            return {}

    def contexts(self, accounts: Iterable[str]) -> Iterator[AccountContext]:
        """Yield what guards need to know of some accounts; which of them form a group only the rules would know."""
        keys = {(Target.ACCOUNT, account, REVENUE): account for account in accounts}
        revenue = self._journal.last_written(keys)
        for key, account in keys.items():
            yield AccountContext(
                account=account,
                name=None,
                owner=self.owners.get(account),
                revenue_cents=_cents(revenue.get(key, (None,))[0]),
                tier_before=None,
                tier_wanted=None,
                say_no_before=None,
                say_no_wanted=None,
            )

    def population(self) -> PopulationFigures:
        """Return the denominators of the guards: every account that has a tier of ours."""
        books = Counter(
            self.owners.get(account, NOBODY)
            for account, tier in self._journal.standing(Target.ACCOUNT, TIER)
            if tier is not None
        )
        revenue = sum(max(_cents(value), 0) for _, value in self._journal.standing(Target.ACCOUNT, REVENUE))
        return PopulationFigures(
            evaluated=books.total(),
            active_customers=0,
            had_tier=books.total(),
            had_tier_by_owner=books,
            revenue_had_tier_cents=revenue,
        )


def _cents(value: str | None) -> int:
    return int(Decimal(value) * CENTS) if value else 0
