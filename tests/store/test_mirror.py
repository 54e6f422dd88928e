from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.errors import BadAnswer, StopRun
from connector.model.fields import Table
from connector.model.texts import told
from connector.ports import Page, PullSummary, Snapshot
from tests.store.conftest import START

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from connector.store import Store

pytestmark = pytest.mark.parametrize("new_database", ["sqlite"], indirect=True)
"""Of the database a mirror asks little; that little is tested on all kinds in test_opening."""
Pulls = list[tuple[bool, dict[str, str | None], dict[str, frozenset[str]], set[str], set[str]]]
Rows = list[dict[str, str | None]]
FULL = True


def page(table: Table, *rows: tuple[str | None, ...], columns: Sequence[str]) -> Page:
    return Page(table, {name: [row[at] for row in rows] for at, name in enumerate(columns)})


def accounts(*rows: tuple[str | None, ...]) -> Page:
    return page(Table.ACCOUNTS, *rows, columns=("account_id", "name"))


def deals(*ids: str) -> Page:
    return page(Table.DEALS, *((deal,) for deal in ids), columns=("deal_id",))


def links(*rows: tuple[str, str]) -> Page:
    return page(Table.DEAL_ACCOUNTS, *((*row, "true") for row in rows), columns=("from_id", "account_id", "primary"))


def gone(*rows: tuple[str, str]) -> Page:
    return page(Table.GONE, *rows, columns=("table", "id"))


def summary(pages: Sequence[Page], *, full: bool, **more: Any) -> PullSummary:
    rows: dict[Table, int] = {}
    for one in pages:
        rows[one.table] = rows.get(one.table, 0) + len(next(iter(one.columns.values())))
    told: dict[str, Any] = {"watermark": "w", "full": full, "rows": rows, "not_connected": {}}
    return PullSummary(**(told | more))


def pull(store: Store, *pages: Page, full: bool = False, **more: object) -> Snapshot:
    with store.mirror.draft(base=store.mirror.current()) as draft:
        for one in pages:
            draft.add(one)
        return draft.commit(summary(pages, full=full, **more), now=START)


def read(snapshot: Snapshot, table: Table) -> Rows:
    return [row for path in snapshot.files[table] for row in pq.read_table(path).to_pylist()]


def names(snapshot: Snapshot) -> Mapping[str | None, str | None]:
    return {row["account_id"]: row["name"] for row in read(snapshot, Table.ACCOUNTS)}


def linked(snapshot: Snapshot) -> set[tuple[str | None, str | None]]:
    return {(row["from_id"], row["account_id"]) for row in read(snapshot, Table.DEAL_ACCOUNTS)}


def test_before_the_first_pull_there_is_no_snapshot(store: Store) -> None:
    assert store.mirror.current() is None


def test_a_committed_snapshot_is_current_for_everyone(opened: Callable[[], Store]) -> None:
    made = pull(opened(), accounts(("1", "A"), ("2", None)), deals("d1"), full=FULL, watermark="w7")
    found = opened().mirror.current()
    assert found == made
    assert made.rows == {Table.ACCOUNTS: 2, Table.DEALS: 1}
    assert made.columns == {Table.ACCOUNTS: ("account_id", "name"), Table.DEALS: ("deal_id",)}
    assert (made.watermark, made.made_at, made.full_at) == ("w7", START, START)
    assert names(made) == {"1": "A", "2": None}


def test_a_snapshot_tells_how_many_rows_have_a_value(store: Store) -> None:
    made = pull(store, accounts(("1", "A"), ("2", None), ("3", "C")), deals(), full=FULL)
    assert made.filled[Table.ACCOUNTS] == {"account_id": 3, "name": 2}
    made = pull(store, accounts(("3", None), ("4", None)))
    assert made.filled[Table.ACCOUNTS] == {"account_id": 4, "name": 1}
    made = pull(store)
    assert made.filled[Table.ACCOUNTS] == {"account_id": 4, "name": 1}


def test_many_small_pages_become_one_table_in_order(store: Store) -> None:
    pages = [accounts(*((f"{at}-{i}", "x") for i in range(100))) for at in range(400)]
    made = pull(store, *pages, full=FULL)
    ids = [row["account_id"] for row in read(made, Table.ACCOUNTS)]
    assert ids == [f"{at}-{i}" for at in range(400) for i in range(100)]


def test_a_draft_without_commit_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with store.mirror.draft(base=None) as draft:
        draft.add(accounts(("1", "A")))
    assert store.mirror.current() is None
    assert list((tmp_path / "mirror").iterdir()) == []


def test_a_draft_that_fails_leaves_nothing_and_the_former_snapshot_current(store: Store, tmp_path: Path) -> None:
    former = pull(store, accounts(("1", "A")), full=FULL)
    with pytest.raises(BadAnswer, match="other columns"):
        pull(store, accounts(("2", "B")), page(Table.ACCOUNTS, ("3",), columns=("account_id",)), full=FULL)
    assert store.mirror.current() == former
    assert [folder.name for folder in (tmp_path / "mirror").iterdir()] == [former.id]


def test_a_table_without_rows_is_connected_and_one_without_a_word_is_not(store: Store) -> None:
    page_rows = {Table.ACCOUNTS: 1, Table.TICKETS: 0}
    made = pull(
        store, accounts(("1", "A")), full=FULL, rows=page_rows, not_connected={Table.TICKETS: frozenset({"category"})}
    )
    assert made.rows == page_rows
    assert read(made, Table.TICKETS) == []
    assert "category" not in made.columns[Table.TICKETS]
    assert "ticket_id" in made.columns[Table.TICKETS]
    assert Table.ACTIVITIES not in made.files


def test_changed_records_replace_and_new_ones_join(store: Store) -> None:
    pull(store, accounts(("1", "A"), ("2", "B"), ("3", "C")), full=FULL)
    made = pull(store, accounts(("2", "B2"), ("4", "D")), accounts(("2", "B3")), watermark="w2")
    assert names(made) == {"1": "A", "3": "C", "2": "B3", "4": "D"}
    assert made.rows == {Table.ACCOUNTS: 4}
    assert made.watermark == "w2"


def test_when_everything_was_last_pulled_is_kept_by_changes(store: Store) -> None:
    pull(store, accounts(("1", "A")), full=FULL)
    with store.mirror.draft(base=store.mirror.current()) as draft:
        made = draft.commit(summary([], full=False), now=START + timedelta(hours=1))
    assert (made.full_at, made.made_at) == (START, START + timedelta(hours=1))
    assert names(made) == {"1": "A"}


def test_a_full_pull_drops_what_it_no_longer_holds(store: Store) -> None:
    pull(store, accounts(("1", "A"), ("2", "B")), deals("d1"), full=FULL)
    made = pull(store, accounts(("2", "B")), full=FULL)
    assert names(made) == {"2": "B"}
    assert Table.DEALS not in made.files


def test_gone_records_leave_with_their_links(store: Store) -> None:
    pull(store, accounts(("1", "A"), ("2", "B")), deals("d1", "d2"), links(("d1", "1"), ("d2", "2")), full=FULL)
    made = pull(store, gone(("accounts", "1"), ("deals", "d2")))
    assert names(made) == {"2": "B"}
    assert [row["deal_id"] for row in read(made, Table.DEALS)] == ["d1"]
    assert linked(made) == set()
    assert Table.GONE not in made.files


@pytest.mark.parametrize("full", [True, False])
def test_a_record_that_is_told_to_be_gone_leaves_also_when_it_came_in_the_same_pull(
    store: Store, *, full: bool
) -> None:
    pull(store, accounts(("1", "A"), ("2", "B")), full=FULL)
    assert names(pull(store, accounts(("1", "late"), ("2", "B")), gone(("accounts", "1")), full=full)) == {"2": "B"}


def test_the_links_of_a_record_replace_those_it_had_and_others_keep_theirs(store: Store) -> None:
    pull(store, accounts(("1", "A")), deals("d1", "d2"), links(("d1", "1"), ("d1", "2"), ("d2", "1")), full=FULL)
    assert linked(pull(store, deals("d1"), links(("d1", "3")))) == {("d1", "3"), ("d2", "1")}
    assert linked(pull(store, links(("d2", "4")))) == {("d1", "3"), ("d2", "4")}


def test_a_record_without_links_any_more_loses_those_it_had(store: Store) -> None:
    pull(store, deals("d1", "d2"), links(("d1", "1"), ("d2", "1")), full=FULL)
    none = page(Table.DEAL_ACCOUNTS, ("d1", None, None), columns=("from_id", "account_id", "primary"))
    assert linked(pull(store, deals("d1"), none)) == {("d2", "1")}


def test_a_changed_record_that_came_without_a_word_on_links_keeps_them(store: Store) -> None:
    pull(store, accounts(("1", "A")), deals("d1"), links(("d1", "1")), full=FULL)
    assert linked(pull(store, accounts(("1", "A2")), deals("d1"))) == {("d1", "1")}


def test_first_links_need_no_full_pull(store: Store) -> None:
    pull(store, deals("d1"), full=FULL)
    assert linked(pull(store, links(("d1", "1")))) == {("d1", "1")}


def test_owners_come_whole_also_among_changes(store: Store) -> None:
    columns = ("owner_id", "name")
    pull(store, page(Table.OWNERS, ("1", "Ann"), ("2", "Bob"), columns=columns), full=FULL)
    made = pull(store, page(Table.OWNERS, ("2", "Bob"), columns=columns))
    assert [row["name"] for row in read(made, Table.OWNERS)] == ["Bob"]
    assert read(pull(store), Table.OWNERS) == read(made, Table.OWNERS)


def test_rates_have_no_key_and_come_whole(store: Store) -> None:
    columns = ("currency", "valid_from", "rate")
    old = page(Table.CURRENCY_RATES, ("USD", "2026-01-01", "0.9"), ("USD", "2026-02-01", "0.91"), columns=columns)
    pull(store, accounts(("1", "A")), old, full=FULL)
    assert len(read(pull(store), Table.CURRENCY_RATES)) == 2
    made = pull(store, page(Table.CURRENCY_RATES, ("USD", "2026-03-01", "0.92"), columns=columns))
    assert [row["valid_from"] for row in read(made, Table.CURRENCY_RATES)] == ["2026-03-01"]


def test_a_column_the_crm_hides_now_is_dropped_from_all_rows(store: Store) -> None:
    pull(store, accounts(("1", "A"), ("2", "B")), full=FULL)
    made = pull(
        store,
        page(Table.ACCOUNTS, ("2",), columns=("account_id",)),
        not_connected={Table.ACCOUNTS: frozenset({"name"})},
    )
    assert made.columns == {Table.ACCOUNTS: ("account_id",)}
    assert {row["account_id"] for row in read(made, Table.ACCOUNTS)} == {"1", "2"}


def test_a_table_the_crm_closed_is_absent(store: Store) -> None:
    pull(store, accounts(("1", "A")), deals("d1"), full=FULL)
    made = pull(store, not_connected={Table.DEALS: frozenset({"deal_id", "amount"})})
    assert set(made.files) == {Table.ACCOUNTS}


def test_of_many_new_columns_only_the_first_few_are_named(store: Store) -> None:
    pull(store, accounts(("1", "A")), full=FULL)
    new = [f"answer_{number}" for number in range(8)]
    with pytest.raises(StopRun, match=r"\(answer_0, answer_1, answer_2, answer_3, answer_4 and 3 more\)"):
        pull(store, page(Table.ACCOUNTS, ("1", "A", *new), columns=("account_id", "name", *new)))


@pytest.mark.parametrize(
    "news", [page(Table.ACCOUNTS, ("1", "A", "x"), columns=("account_id", "name", "nps")), deals("d1")]
)
def test_changes_of_what_the_base_never_held_ask_for_a_full_pull(store: Store, news: Page) -> None:
    former = pull(store, accounts(("1", "A")), full=FULL)
    with pytest.raises(StopRun) as caught:
        pull(store, news)
    assert caught.value.code == "NEEDS_FULL_PULL"
    assert "ongewijzigde rijen" in told(caught.value.args[0], "nl")
    assert store.mirror.current() == former


def test_changes_without_a_base_ask_for_a_full_pull(store: Store) -> None:
    with pytest.raises(StopRun, match="nothing to build on"):
        pull(store, accounts(("1", "A")))


@pytest.mark.parametrize(
    ("pages", "told", "why"),
    [
        ([accounts(("1", "A"))], {Table.ACCOUNTS: 2}, "told 2 rows of accounts and delivered 1"),
        ([accounts(("1", "A"))], {Table.ACCOUNTS: 1, Table.DEALS: 3}, "told 3 rows of deals and delivered 0"),
        ([accounts(("1", "A"), ("1", "B"))], {Table.ACCOUNTS: 2}, "came twice"),
        ([accounts((None, "A"))], {Table.ACCOUNTS: 1}, "without an id"),
        ([accounts(("1", "A")), deals("d"), page(Table.DEALS, ("x",), columns=("y",))], {}, "other columns"),
        ([Page(Table.ACCOUNTS, {"account_id": ["1", "2"], "name": ["A"]})], {}, "cannot be kept"),
        ([Page(Table.ACCOUNTS, {"account_id": [7]})], {}, "cannot be kept"),  # type: ignore[list-item]
        ([accounts(("1", "\ud800"))], {}, "cannot be kept"),
    ],
)
def test_a_pull_that_does_not_add_up_never_becomes_current(
    store: Store, tmp_path: Path, pages: Sequence[Page], told: Mapping[Table, int], why: str
) -> None:
    former = pull(store, accounts(("1", "A")), full=FULL)
    with pytest.raises(BadAnswer, match=why):
        pull(store, *pages, full=FULL, rows=told)
    assert store.mirror.current() == former
    assert [folder.name for folder in (tmp_path / "mirror").iterdir()] == [former.id]


def test_an_unchanged_table_is_not_written_again(store: Store) -> None:
    first = pull(store, accounts(("1", "A")), deals("d1"), full=FULL)
    second = pull(store, accounts(("1", "A2")))
    assert first.files[Table.DEALS][0].samefile(second.files[Table.DEALS][0])
    store.mirror.prune(keep=1)
    assert store.mirror.current() == second
    assert [row["deal_id"] for row in read(second, Table.DEALS)] == ["d1"]


def test_pruning_keeps_the_newest_the_spared_and_always_the_current(store: Store, tmp_path: Path) -> None:
    made = [pull(store, accounts(("1", str(at))), full=FULL) for at in range(5)]
    store.mirror.prune(keep=2, spare=[made[0].id, "unknown"])
    assert {folder.name for folder in (tmp_path / "mirror").iterdir()} == {made[0].id, made[3].id, made[4].id}
    assert store.mirror.snapshot(made[1].id) is None
    assert store.mirror.snapshot(made[3].id) == made[3]
    store.mirror.prune(keep=0)
    assert store.mirror.current() == made[4]


def test_pruning_leaves_a_draft_that_is_being_filled_and_what_is_not_ours(store: Store, tmp_path: Path) -> None:
    mine = tmp_path / "mirror" / "notes"
    mine.mkdir()
    with store.mirror.draft(base=None) as draft:
        draft.add(accounts(("1", "A")))
        store.mirror.prune(keep=1)
        made = draft.commit(summary([accounts(("1", "A"))], full=True), now=START)
    assert names(made) == {"1": "A"}
    assert mine.exists()


@pytest.mark.parametrize("cut", [0, 3, 8, 200, None])
def test_a_file_that_was_cut_or_lost_is_named(store: Store, cut: int | None) -> None:
    made = pull(store, accounts(("1", "A")), full=FULL)
    path = made.files[Table.ACCOUNTS][0]
    if cut is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(StopRun, match=path.name) as caught:
        store.mirror.current()
    assert "pull --full" in caught.value.hint


def test_a_foreign_file_in_a_snapshots_place_is_named(store: Store) -> None:
    made = pull(store, accounts(("1", "A")), full=FULL)
    other = pull(store, accounts(("1", "A"), ("2", "B")), full=FULL)
    other.files[Table.ACCOUNTS][0].write_bytes(made.files[Table.ACCOUNTS][0].read_bytes())
    with pytest.raises(StopRun, match="not the file that was pulled"):
        store.mirror.current()


def test_changes_reach_every_part_of_a_large_table(store: Store) -> None:
    pull(store, accounts(*((str(at), "old") for at in range(40_000))), full=FULL)
    changed = {str(at) for at in range(0, 40_000, 7_000)}
    made = pull(store, accounts(*((one, "new") for one in sorted(changed))), gone(("accounts", "39999")))
    found = names(made)
    assert made.rows[Table.ACCOUNTS] == len(found) == 39_999
    assert {one for one, name in found.items() if name == "new"} == changed


IDS = st.sampled_from("abcdef")
PULLS = st.lists(
    st.tuples(
        st.booleans(),
        st.dictionaries(IDS, st.sampled_from(["x", "y", None]), max_size=6),
        st.dictionaries(IDS, st.frozensets(IDS, max_size=3), max_size=4),
        st.sets(IDS, max_size=2),
        st.sets(IDS, max_size=2),
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PULLS)
def test_any_sequence_of_pulls_leaves_what_a_model_of_it_holds(store: Store, pulls: Pulls) -> None:
    held: dict[str, str | None] = {}
    held_links: dict[str, frozenset[str]] = {}
    for at, (full, rows, linked_rows, gone_accounts, gone_deals) in enumerate(pulls):
        whole = full or not at
        held, held_links = ({}, {}) if whole else (held, held_links)
        held |= rows
        held_links |= linked_rows
        held = {one: name for one, name in held.items() if one not in gone_accounts}
        held_links = {one: to - gone_accounts for one, to in held_links.items() if one not in gone_deals}
        pages = [
            accounts(*rows.items()),
            deals(*linked_rows),
            page(
                Table.DEAL_ACCOUNTS,
                *((one, to) for one, tos in linked_rows.items() for to in (sorted(tos) if tos else [None])),
                columns=("from_id", "account_id"),
            ),
            gone(*(("accounts", one) for one in gone_accounts), *(("deals", one) for one in gone_deals)),
        ]
        made = pull(store, *pages, full=whole)
        assert names(made) == held
        assert {link for link in linked(made) if link[1] is not None} == {
            (one, to) for one, tos in held_links.items() for to in tos
        }
        assert made.rows[Table.ACCOUNTS] == len(held)


def test_the_mirror_tells_which_accounts_were_merged_into_which(store: Store) -> None:
    assert store.mirror.merged() == {}
    columns = ("account_id", "merged_ids")
    pull(store, page(Table.ACCOUNTS, ("1", None), ("2", ""), columns=columns), deals("9"), full=True)
    assert store.mirror.merged() == {}
    pull(store, page(Table.ACCOUNTS, ("1", "7;8"), ("2", ""), ("3", "9"), columns=columns), deals("9"), full=True)
    assert store.mirror.merged() == {"1": ["7", "8"], "3": ["9"]}
    pull(store, accounts(("1", "a")), deals("9"), full=True)
    assert store.mirror.merged() == {}


def test_the_mirror_tells_whose_an_account_is(store: Store) -> None:
    assert store.mirror.owners() == {}
    columns = ("account_id", "owner_id")
    pull(store, page(Table.ACCOUNTS, ("1", "7"), ("2", ""), ("3", None), columns=columns), deals("9"), full=True)
    assert store.mirror.owners() == {"1": "7"}
    pull(store, accounts(("1", "a")), deals("9"), full=True)
    assert store.mirror.owners() == {}
