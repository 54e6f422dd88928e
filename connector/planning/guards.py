"""Guards: what must be true of a plan before it may be written without a person (domain.md 5.7, contract.md).

A guard trips when its figure is greater than its limit. Percentages rest below `min_accounts` evaluated accounts,
caps never do. Tier, revenue and owner's-book figures count accounts that had a tier before; on a first run nothing
counts as newly say-no. Every trip tells figure, limit and the command that releases it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.model.runs import Reason
from connector.planning.doubt import Doubt
from connector.planning.tally import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.model.verdicts import PopulationFigures
    from connector.planning.tally import Tally

FIRST_RUN = "FIRST_RUN"
POPULATION_DROP = "POPULATION_DROP"
SMALL_PULL = "SMALL_PULL"
EMPTIED_INPUT = "EMPTIED_INPUT"
OF_THE_PULL = frozenset({POPULATION_DROP, SMALL_PULL, EMPTIED_INPUT})
"""Holds that doubt the pull itself: they cannot be approved once that pull is a day old."""
COMES_AND_GOES = frozenset(
    {
        "oldest_open_invoice_date",
        "oldest_open_invoice_due_date",
        "first_invoice_open_since",
        "open_invoice_amount",
        "invoice_disputed",
        "contract_end_date",
        "quote_requested_at",
        "merged_ids",
        "closed_at",
    }
)
"""Inputs that people empty for good reason: an invoice was paid, a contract ended."""
OURS = "seg_"
"""What we write, and what people set for us, empties for good reason too."""
BESIDE = "tables."
"""In front of the name of a table beside the CRM, as in the settings."""
CUSTOMERS = "accounts"
"""The table whose rows are the customers themselves."""
LONE_MOVE = 1
"""One account that moves is no damage to a book, however small the book."""

Number = int | float | Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of `[limits]`; percentages are 0 to 100."""

    max_new_say_no_pct: Number = 10
    max_new_say_no: int = 500
    max_tier_change_pct: Number = 30
    max_revenue_moved_pct: Number = 30
    max_owner_book_pct: Number = 50
    max_population_drop_pct: Number = 30
    max_rows_drop_pct: Number = 20
    """Accounts, deals, tickets or activities that the CRM shows less of than in the last good run."""
    max_table_drop_pct: Number = 50
    """Rows that a table beside the CRM has less than in the last good run."""
    max_input_drop_pct: Number = 50
    """Accounts, deals, tickets or activities on which an input is no longer filled in, of those that had it."""
    min_accounts: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The last good run, as far as the guards compare with it."""

    run: str
    evaluated: int
    active_customers: int
    rows: Mapping[str, int]
    """Rows per table of its snapshot."""
    filled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Per table and column of its snapshot, the rows that have a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything the guards look at."""

    run: str
    first_run: bool
    """Nothing was ever written by us."""
    confirmed: bool = False
    """A person confirmed the first run (`sync --yes`)."""
    population: PopulationFigures
    tally: Tally
    rows: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    baseline: Baseline | None = None


def trips(situation: Situation, limits: Limits) -> tuple[Reason, ...]:
    """Every guard of the plan itself that trips, in a fixed order; a plan without changes trips none."""
    found = _plan_guards(situation, limits) if situation.tally.changes else ()
    return tuple(reason(code, text, run=situation.run) for code, text in found)


def doubts(situation: Situation, limits: Limits) -> tuple[Doubt, ...]:
    """Every guard of the pull that trips, in a fixed order, whatever is planned."""
    return tuple(_pull_guards(situation, limits))


def reason(code: str, text: str, *, run: str) -> Reason:
    """Return why a run is held, with the command that releases it."""
    return Reason(code, f"{text}. Release with: {release(run)}")


def release(run: str) -> str:
    """Tell the command that releases a held run."""
    return f'tiersync approve {run} --reason "…"'


def _plan_guards(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    yield from _first_run(situation)
    if not situation.first_run:
        yield from _new_say_no(situation, limits)
    if situation.population.evaluated >= limits.min_accounts:
        yield from _tier_changes(situation, limits)
        yield from _revenue_moved(situation, limits)
        yield from _owner_books(situation, limits)
    yield from _undone(situation)


def _pull_guards(situation: Situation, limits: Limits) -> Iterator[Doubt]:
    base = situation.baseline
    if base is None or max(base.evaluated, situation.population.evaluated) < limits.min_accounts:
        return
    yield from _population_drop(situation, base, limits)
    for table, rows in sorted(base.rows.items()):
        now = situation.rows.get(table, 0)
        name = "max_table_drop_pct" if table.startswith(BESIDE) else "max_rows_drop_pct"
        most = getattr(limits, name)
        if rows >= limits.min_accounts and _exceeds(rows - now, rows, most):
            figure, limit = _share(rows - now, rows), _limit(name, most)
            text = f"the pull holds {now} {table} where run {base.run} had {rows}: {figure} fewer; {limit}"
            yield Doubt(SMALL_PULL, text, whole=table == CUSTOMERS)
        else:
            yield from _emptied(situation, base, table, limits)


def _emptied(situation: Situation, base: Baseline, table: str, limits: Limits) -> Iterator[Doubt]:
    """An input that is suddenly empty, or hidden, says more of the CRM than of the customers."""
    for column, before in sorted(base.filled.get(table, {}).items()):
        now = situation.filled.get(table, {}).get(column, 0)
        told = column not in COMES_AND_GOES and not column.startswith(OURS)
        if told and before >= limits.min_accounts and _exceeds(before - now, before, limits.max_input_drop_pct):
            limit = _limit("max_input_drop_pct", limits.max_input_drop_pct)
            text = f"{column} is filled in on {now} {table} where run {base.run} had {before}"
            yield Doubt(EMPTIED_INPUT, f"{text}: {_share(before - now, before)} fewer; {limit}", whole=True)


def _population_drop(situation: Situation, base: Baseline, limits: Limits) -> Iterator[Doubt]:
    before, now = base.active_customers, situation.population.active_customers
    if _exceeds(before - now, before, limits.max_population_drop_pct):
        figure = _share(before - now, before)
        limit = _limit("max_population_drop_pct", limits.max_population_drop_pct)
        text = f"{now} active customers where run {base.run} had {before}: {figure} fewer; {limit}"
        yield Doubt(POPULATION_DROP, text, whole=True)


def _first_run(situation: Situation) -> Iterator[tuple[str, str]]:
    if situation.first_run and not situation.confirmed:
        tally = situation.tally
        text = f"first run: nothing was written yet, and {tally.changes} values on {tally.accounts} accounts would be"
        yield FIRST_RUN, f"{text}; a person confirms it, also with `tiersync sync --yes`"


def _new_say_no(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    new, evaluated = situation.tally.newly_say_no, situation.population.evaluated
    if evaluated >= limits.min_accounts and _exceeds(new, evaluated, limits.max_new_say_no_pct):
        limit = _limit("max_new_say_no_pct", limits.max_new_say_no_pct)
        yield (
            "NEW_SAY_NO_SHARE",
            f"{new} of {evaluated} evaluated accounts ({_share(new, evaluated)}) would newly say no; {limit}",
        )
    if new > limits.max_new_say_no:
        yield (
            "NEW_SAY_NO_CAP",
            f"{new} accounts would newly say no; the limit is {limits.max_new_say_no} (max_new_say_no)",
        )


def _tier_changes(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    moved, had = situation.tally.tiers_changed, situation.population.had_tier
    if _exceeds(moved, had, limits.max_tier_change_pct):
        limit = _limit("max_tier_change_pct", limits.max_tier_change_pct)
        yield (
            "TIER_CHANGE_SHARE",
            f"{moved} of {had} accounts with a tier ({_share(moved, had)}) would change it; {limit}",
        )


def _revenue_moved(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    moved, total = situation.tally.revenue_moved_cents, situation.population.revenue_had_tier_cents
    if _exceeds(moved, total, limits.max_revenue_moved_pct):
        limit = _limit("max_revenue_moved_pct", limits.max_revenue_moved_pct)
        yield (
            "REVENUE_MOVED_SHARE",
            f"{_money(moved)} of {_money(total)} revenue ({_share(moved, total)}) would move to another tier; {limit}",
        )


def _owner_books(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    for owner, moved in sorted(situation.tally.moved_by_owner.items()):
        book = situation.population.had_tier_by_owner.get(owner, 0)
        if owner != NOBODY and moved > LONE_MOVE and _exceeds(moved, book, limits.max_owner_book_pct):
            limit = _limit("max_owner_book_pct", limits.max_owner_book_pct)
            yield (
                "OWNER_BOOK_SHARE",
                f"{moved} of {book} accounts of owner {owner} ({_share(moved, book)}) would change tier; {limit}",
            )


def _undone(situation: Situation) -> Iterator[tuple[str, str]]:
    if again := situation.tally.undone_again:
        text = f"values that were undone would be written again on {again} accounts"
        yield "UNDONE", f"{text}; they wait until approved or until the inputs change"


def _exceeds(part: int, whole: int, limit: Number) -> bool:
    """Whether part of whole is more than `limit` percent; part of nothing is everything."""
    return part > 0 and Decimal(part) * 100 > Decimal(str(limit)) * max(whole, 0)


def _share(part: int, whole: int) -> str:
    if whole <= 0:
        return "100 %"
    return f"{(Decimal(part) * 100 / whole).quantize(Decimal('0.01')).normalize():f} %"


def _limit(name: str, value: Number) -> str:
    return f"the limit is {value} % ({name})"


def _money(cents: int) -> str:
    return f"{Decimal(cents) / 100:,.2f}"
