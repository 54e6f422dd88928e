"""Guards: what must be true of a plan before it may be written without a person (domain.md 5.7, contract.md).

A guard trips when its figure is greater than its limit. Percentages rest below `min_accounts` evaluated accounts,
caps never do. Tier, revenue and owner's-book figures count accounts that had a tier before; on a first run nothing
counts as newly say-no. Every trip tells figure, limit and the command that releases it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import BESIDE
from connector.model.numbers import spelled
from connector.model.outputs import OURS
from connector.model.runs import Reason
from connector.model.texts import Texts
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
CUSTOMERS = "accounts"
"""The table whose rows are the customers themselves."""
LONE_MOVE = 1
"""One account that moves is no damage to a book, however small the book."""

Number = int | float | Decimal


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of `[limits]`; percentages are 0 to 100."""

    max_new_say_no_pct: Number = 10
    max_new_say_no: int = 500
    max_tier_change_pct: Number = 30
    max_revenue_moved_pct: Number = 30
    max_revenue_down_pct: Number | None = None
    """The part of it that falls; None for no limit but that of the whole."""
    max_owner_book_pct: Number = 50
    max_population_drop_pct: Number = 30
    max_rows_drop_pct: Number = 20
    """Accounts, deals, tickets or activities that the CRM shows less of than in the last good run."""
    max_table_drop_pct: Number = 50
    """Rows that a table beside the CRM has less than in the last good run."""
    max_input_drop_pct: Number = 50
    """Accounts, deals, tickets or activities on which an input is no longer filled in, of those that had it."""
    small_pull: str = "hold"
    """What becomes of a plan when records about customers are missing: `hold` it, or let who would fall `wait`."""
    min_accounts: int = 20
    release_days: int = 7
    """Days for which a person may release what is held."""


class Baseline(Struct, frozen=True, kw_only=True):
    """The last good run, as far as the guards compare with it."""

    run: str
    evaluated: int
    active_customers: int
    rows: Mapping[str, int]
    """Rows per table of its snapshot."""
    filled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Per table and column of its snapshot, the rows that have a value."""


class Situation(Struct, frozen=True, kw_only=True):
    """Everything the guards look at."""

    run: str
    first_run: bool
    """Nothing was ever written by us."""
    rest_of_first: bool = False
    """This is what a first run left, by the same rules: who has no tier yet belongs to it still."""
    confirmed: bool = False
    """A person confirmed the first run (`sync --yes`)."""
    population: PopulationFigures
    tally: Tally
    rows: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    baseline: Baseline | None = None
    language: str = "en"

    @property
    def texts(self) -> Texts:
        """What the guards say, in its language."""
        return Texts("connector.planning", self.language)


def trips(situation: Situation, limits: Limits) -> tuple[Reason, ...]:
    """Every guard of the plan itself that trips, in a fixed order; a plan without changes trips none."""
    found = _plan_guards(situation, limits) if situation.tally.changes else ()
    return tuple(reason(situation, code, text) for code, text in found)


def doubts(situation: Situation, limits: Limits) -> tuple[Doubt, ...]:
    """Every guard of the pull that trips, in a fixed order, whatever is planned."""
    return tuple(_pull_guards(situation, limits))


def reason(situation: Situation, code: str, text: str) -> Reason:
    """Return why a run is held, with the command that releases it."""
    return Reason(code, situation.texts.say("released_by", text=text, command=release(situation.run)))


def told(situation: Situation, doubt: Doubt, *, waiting: int) -> Reason:
    """Return why a run is held, or how many accounts of it wait, because the pull is doubted."""
    text = situation.texts.say("waiting", text=doubt.text, accounts=waiting) if waiting else doubt.text
    return reason(situation, doubt.code, text)


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
    for table, before in sorted(base.rows.items()):
        now = situation.rows.get(table, 0)
        name = "max_table_drop_pct" if table.startswith(BESIDE) else "max_rows_drop_pct"
        if before >= limits.min_accounts and _exceeds(before - now, before, getattr(limits, name)):
            drop = _drop(situation, base, SMALL_PULL, now, before, limit=_limit(situation, limits, name), table=table)
            yield Doubt(SMALL_PULL, drop, whole=table == CUSTOMERS or limits.small_pull == "hold")
        else:
            yield from _emptied(situation, base, table, limits)


def _emptied(situation: Situation, base: Baseline, table: str, limits: Limits) -> Iterator[Doubt]:
    """An input that is suddenly empty, or hidden, says more of the CRM than of the customers."""
    limit = _limit(situation, limits, "max_input_drop_pct")
    for column, before in sorted(base.filled.get(table, {}).items()):
        now = situation.filled.get(table, {}).get(column, 0)
        # What we write, and what people set for us, empties for good reason too.
        watched = column not in COMES_AND_GOES and not column.startswith(OURS)
        if watched and before >= limits.min_accounts and _exceeds(before - now, before, limits.max_input_drop_pct):
            drop = _drop(situation, base, EMPTIED_INPUT, now, before, limit=limit, table=table, field=column)
            yield Doubt(EMPTIED_INPUT, drop, whole=True)


def _population_drop(situation: Situation, base: Baseline, limits: Limits) -> Iterator[Doubt]:
    before, now = base.active_customers, situation.population.active_customers
    if _exceeds(before - now, before, limits.max_population_drop_pct):
        limit = _limit(situation, limits, "max_population_drop_pct")
        yield Doubt(POPULATION_DROP, _drop(situation, base, POPULATION_DROP, now, before, limit=limit), whole=True)


def _drop(
    situation: Situation, base: Baseline, code: str, now: int, before: int, *, limit: str, table: str = "", **more: str
) -> str:
    texts = situation.texts
    return texts.say(
        code,
        now=now,
        before=before,
        run=base.run,
        share=_share(situation, before - now, before),
        table=texts.name("table", table),
        limit=limit,
        **more,
    )


def _first_run(situation: Situation) -> Iterator[tuple[str, str]]:
    if situation.first_run and not situation.confirmed:
        tally = situation.tally
        yield FIRST_RUN, situation.texts.say(FIRST_RUN, values=tally.changes, accounts=tally.accounts)


def _new_say_no(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    tally, evaluated = situation.tally, situation.population.evaluated
    new = tally.newly_say_no - (tally.first_say_no if situation.rest_of_first else 0)
    if evaluated >= limits.min_accounts and _exceeds(new, evaluated, limits.max_new_say_no_pct):
        yield _part(situation, "NEW_SAY_NO_SHARE", new, evaluated, _limit(situation, limits, "max_new_say_no_pct"))
    if new > limits.max_new_say_no:
        code = "NEW_SAY_NO_CAP"
        yield code, situation.texts.say(code, now=new, limit=limits.max_new_say_no)


def _tier_changes(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    moved, had = situation.tally.tiers_changed, situation.population.had_tier
    if _exceeds(moved, had, limits.max_tier_change_pct):
        yield _part(situation, "TIER_CHANGE_SHARE", moved, had, _limit(situation, limits, "max_tier_change_pct"))


def _revenue_moved(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    tally, total = situation.tally, situation.population.revenue_had_tier_cents
    if _exceeds(tally.revenue_moved_cents, total, limits.max_revenue_moved_pct):
        limit = _limit(situation, limits, "max_revenue_moved_pct")
        yield _revenue(situation, "REVENUE_MOVED_SHARE", tally.revenue_moved_cents, limit)
    down = limits.max_revenue_down_pct
    if down is not None and _exceeds(tally.revenue_moved_down_cents, total, down):
        limit = _limit(situation, limits, "max_revenue_down_pct")
        yield _revenue(situation, "REVENUE_DOWN_SHARE", tally.revenue_moved_down_cents, limit)


def _revenue(situation: Situation, code: str, cents: int, limit: str) -> tuple[str, str]:
    total = situation.population.revenue_had_tier_cents
    now, whole, share = _money(situation, cents), _money(situation, total), _share(situation, cents, total)
    return code, situation.texts.say(code, now=now, all=whole, share=share, limit=limit)


def _owner_books(situation: Situation, limits: Limits) -> Iterator[tuple[str, str]]:
    limit = _limit(situation, limits, "max_owner_book_pct")
    for owner, moved in sorted(situation.tally.moved_by_owner.items()):
        book = situation.population.had_tier_by_owner.get(owner, 0)
        if owner != NOBODY and moved > LONE_MOVE and _exceeds(moved, book, limits.max_owner_book_pct):
            yield _part(situation, "OWNER_BOOK_SHARE", moved, book, limit, owner=owner)


def _undone(situation: Situation) -> Iterator[tuple[str, str]]:
    if again := situation.tally.undone_again:
        yield "UNDONE", situation.texts.say("UNDONE", accounts=again)


def _exceeds(part: int, whole: int, limit: Number) -> bool:
    """Whether part of whole is more than `limit` percent; part of nothing is everything."""
    return part > 0 and Decimal(part) * 100 > Decimal(str(limit)) * max(whole, 0)


def _part(situation: Situation, code: str, now: int, whole: int, limit: str, **more: str) -> tuple[str, str]:
    share = _share(situation, now, whole)
    return code, situation.texts.say(code, now=now, all=whole, share=share, limit=limit, **more)


def _share(situation: Situation, part: int, whole: int) -> str:
    if whole <= 0:
        return "100 %"
    figure = f"{(Decimal(part) * 100 / whole).quantize(Decimal('0.01')).normalize():f} %"
    return spelled(figure, situation.language)


def _limit(situation: Situation, limits: Limits, name: str) -> str:
    """Tell a limit as it stands in the settings, under its name there."""
    return situation.texts.say("limit", limit=getattr(limits, name), name=name)


def _money(situation: Situation, cents: int) -> str:
    return spelled(f"{Decimal(cents) / 100:,.2f}", situation.language)
