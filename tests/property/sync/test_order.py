"""Order and size of records, pages and batches change nothing; a hold writes nothing; undo goes all the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.model.runs import RunOutcome
from connector.planning.guards import Limits
from tests.twins import House, open_limits

if TYPE_CHECKING:
    import random

books = st.dictionaries(
    st.text("abcxyz", min_size=1, max_size=3),
    st.lists(st.integers(-50, 300), max_size=3),
    min_size=1,
    max_size=9,
)
Book = dict[str, list[int]]
CALM = settings(deadline=None, max_examples=40)


def house(book: Book, *, limits: Limits | None = None, backwards: bool = False) -> House:
    made = House()
    made.policy = replace(made.policy, limits=limits or open_limits())
    for name in sorted(book, reverse=backwards):
        made.account(name, deals=book[name], owner_id=name[0], bad="yes" if len(book[name]) > 1 else None)
    return made


@CALM
@given(book=books, shuffled=st.randoms(use_true_random=False), page=st.integers(1, 5), batch=st.integers(1, 5))
def test_the_order_and_size_of_pages_and_batches_change_nothing(
    book: Book, shuffled: random.Random, page: int, batch: int
) -> None:
    plain, mixed = house(book), house(book, backwards=True)
    mixed.crm.page_size, mixed.crm.batch_size = page, batch
    mixed.crm.order = lambda names: shuffled.sample(names, len(names))
    one, other = plain.walk().sync(yes=True), mixed.walk().sync(yes=True)
    assert plain.crm.picture() == mixed.crm.picture()
    assert one.plan is not None
    assert other.plan is not None
    assert one.plan.digest == other.plan.digest
    assert one.plan.tally == other.plan.tally
    assert one.figures["written"] == other.figures["written"]


@CALM
@given(book=books)
def test_a_second_plan_is_empty_once_the_first_is_applied(book: Book) -> None:
    made = house(book)
    made.walk().sync(yes=True)
    made.next_day()
    assert made.walk().plan(full=True).figures["changes"] == 0
    assert set(made.crm.sent.values()) <= {1}


@CALM
@given(before=books, after=books)
def test_undo_after_apply_returns_the_start_where_nobody_else_wrote(before: Book, after: Book) -> None:
    made = house(before)
    made.walk().sync(yes=True)
    for name in after:
        made.account(name, deals=after[name])
    start = made.crm.picture()
    run = made.walk().sync().run
    assume(made.crm.picture() != start)  # a run that wrote nothing has nothing to undo
    assert made.walk().undo(run).outcome is RunOutcome.OK
    assert made.crm.picture() == start


@CALM
@given(before=books, after=books, share=st.integers(0, 100))
def test_an_undo_that_is_held_has_written_nothing_and_once_released_returns_the_start(
    before: Book, after: Book, share: int
) -> None:
    made = house(before)
    made.walk().sync(yes=True)
    for name in after:
        made.account(name, deals=after[name], bad="yes" if after[name] else None)
    start = made.crm.picture()
    run = made.walk().sync().run
    assume(made.crm.picture() != start)
    written, sent = made.crm.picture(), made.crm.sent.total()
    tight = Limits(max_tier_change_pct=share, max_revenue_moved_pct=share, max_new_say_no_pct=share, min_accounts=1)
    made.policy = replace(made.policy, limits=tight)
    result = made.walk().undo(run)
    assert result.plan is not None
    assert bool(result.plan.holds) == (result.outcome is RunOutcome.HELD)
    if result.outcome is RunOutcome.HELD:
        assert made.crm.picture() == written
        assert made.crm.sent.total() == sent
        assert made.walk().approve(result.run, reason="yes").outcome is RunOutcome.OK
    assert made.crm.picture() == start


@CALM
@given(before=books, after=books, share=st.integers(0, 100), cap=st.integers(0, 5))
def test_a_guard_that_holds_has_written_nothing(before: Book, after: Book, share: int, cap: int) -> None:
    limits = Limits(
        max_new_say_no_pct=share,
        max_new_say_no=cap,
        max_tier_change_pct=share,
        max_revenue_moved_pct=share,
        max_revenue_down_pct=share,
        max_owner_book_pct=share,
        max_population_drop_pct=share,
        min_accounts=2,
    )
    made = house(before)
    made.walk().sync(yes=True)
    made.policy = replace(made.policy, limits=limits)
    for name in after:
        made.account(name, deals=after[name], bad="yes" if after[name] else None)
    start, sent = made.crm.picture(), made.crm.sent.total()
    result = made.walk().sync()
    assert result.plan is not None
    assert bool(result.plan.holds) == (result.outcome is RunOutcome.HELD)
    if result.outcome is RunOutcome.HELD:
        assert result.reasons
        assert made.crm.picture() == start
        assert made.crm.sent.total() == sent
        assert made.walk().approve(result.run, reason="yes").outcome is RunOutcome.OK
    assert made.walk().sync().figures["changes"] == 0
