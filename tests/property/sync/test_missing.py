"""Whatever is lost overnight, and wherever the run dies: nobody falls or gets a NO while the pull is doubted."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connector.model.changes import Target
from connector.model.runs import RunOutcome
from tests.twins import OUTPUTS, Crash, Fate, House, open_limits, rule_set

TIERS: dict[str, dict[str, str]] = {"large": {}, "small": {}, "prospect": {}}
NAMES = [f"a{number}" for number in range(8)]
RANK: dict[str | None, int] = {None: 3, **{tier: place for place, tier in enumerate(TIERS)}}
books = st.fixed_dictionaries({name: st.lists(st.sampled_from((20, 60, 150)), max_size=3) for name in NAMES})
some = st.sets(st.sampled_from(NAMES))


def house(book: dict[str, list[int]]) -> House:
    ranked = replace(OUTPUTS[0], options=TIERS, ranked=True)
    made = House(rules=rule_set(outputs=(ranked, *OUTPUTS[1:])))
    made.policy = replace(made.policy, limits=open_limits())
    for name, deals in book.items():
        made.account(name, deals=deals)
    made.walk().sync(yes=True)
    made.policy = replace(made.policy, limits=replace(open_limits(), max_rows_drop_pct=20, min_accounts=1))
    made.next_day()
    return made


@settings(deadline=None, max_examples=80)
@given(book=books, lost=st.sets(st.integers(0, 23)), won=some, bad=some, at=st.none() | st.integers(1, 80))
def test_nobody_falls_while_records_are_missing(
    book: dict[str, list[int]], lost: set[int], won: set[str], bad: set[str], at: int | None
) -> None:
    many = sum(map(len, book.values()))
    least = len(won) + many // 5 + 1  # fewer would be no sign of a loss
    assume(least <= many)
    made = house(book)
    start = made.crm.picture()
    deals = sorted(made.crm.records[Target.DEAL])
    order = sorted(range(many), key=lambda number: (number not in lost, number))
    gone = [deals[number] for number in order[: max(least, len(lost & set(order)))]]
    for deal in gone:
        del made.crm.records[Target.DEAL][deal]
    for name in won:
        made.crm.put(Target.DEAL, f"{name}-new", account_id=name, amount="500")
    for name in bad:
        made.crm.put(Target.ACCOUNT, name, bad="yes")
    try:
        made.walk(Fate(at)).sync(full=True)
    except Crash:
        made.walk().sync(full=True)
    last = made.walk().sync(full=True)
    assert last.outcome in {RunOutcome.HELD, RunOutcome.PARTIAL, RunOutcome.OK}
    for name in NAMES:
        before, now = start[Target.ACCOUNT, name], made.crm.records[Target.ACCOUNT][name]
        assert RANK[now.get("seg_tier")] <= RANK[before.get("seg_tier")], name
        assert now.get("seg_say_no") == before.get("seg_say_no"), name
    if last.outcome is RunOutcome.HELD:
        assert made.walk().approve(last.run, reason="they are gone").outcome is RunOutcome.OK
        assert made.walk().sync(full=True).figures["changes"] == 0
