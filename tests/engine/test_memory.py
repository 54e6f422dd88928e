"""A population that does not fit in the memory it may take is worked out all the same, and to the same bytes."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from connector.engine import duckdb as engine
from connector.engine import memory
from connector.engine.duckdb import DuckDb
from connector.errors import StopRun, UsageError
from connector.model.fields import Table
from connector.ports import Beside, EvaluationRequest
from connector.rules.loading import load
from tests.engine.evaluating import request

RULES = load(Path(__file__).parents[2] / "rules")
ACCOUNTS = 15_000
NOWHERE = Path("/proc/nowhere")
"""A folder that nobody can make."""


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> EvaluationRequest:
    """Accounts with three deals each, more than the engine calls small."""
    deals = [
        {"deal_id": str(n), "account_id": str(n // 3), "is_won": "true", "is_closed": "true"}
        | {"amount": str(100 + n % 977), "close_date": f"2026-0{1 + n % 3}-1{n % 9}"}
        for n in range(3 * ACCOUNTS)
    ]
    tables = {
        Table.ACCOUNTS: [{"account_id": str(n), "name": f"Account {n}"} for n in range(ACCOUNTS)],
        Table.DEALS: deals,
    }
    return request(tmp_path_factory.mktemp("population"), tables, as_of=date(2026, 4, 1))


@pytest.fixture(scope="module")
def lines(population: EvaluationRequest) -> list[bytes]:
    """What is said of everybody when memory is plenty."""
    return _lines(DuckDb(), population)


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SMALL", 0)


def confined(monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    for name, value in {"LEAST": least, "EACH_THREAD": 0, "EACH_ROW": 0}.items():
        monkeypatch.setattr(memory, name, value)


def _lines(duck: DuckDb, population: EvaluationRequest) -> list[bytes]:
    evaluation = duck.evaluate(RULES, population, lambda *_: None)
    try:
        return [*evaluation.json_lines()]
    finally:
        evaluation.close()


def test_what_does_not_fit_lies_in_the_folder_and_is_gone_afterwards(
    population: EvaluationRequest, lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confined(monkeypatch, 34_000_000)
    seen: set[str] = set()
    evaluation = DuckDb(tmp_path).evaluate(
        RULES, population, lambda *_: seen.update(p.name for p in tmp_path.iterdir())
    )
    found = [*evaluation.json_lines()]
    evaluation.close()
    assert found == lines
    assert len(seen) == 1
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("folder", [NOWHERE, None])
def test_with_far_too_little_it_takes_what_the_machine_has(
    population: EvaluationRequest, lines: list[bytes], folder: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    confined(monkeypatch, 1_000_000)
    assert _lines(DuckDb(folder), population) == lines


def test_a_folder_without_room_stops_the_run_and_another_fault_stays_what_it_is() -> None:
    with pytest.raises(StopRun, match="No space left") as stopped, memory.or_stop():
        raise duckdb.IOException(
            "IO Error: Could not write file /state/tiersync-spill-1/a.tmp: No space left on device"
        )
    assert "disk" in stopped.value.hint
    with pytest.raises(duckdb.IOException, match=r"deals\.parquet"), memory.or_stop():
        raise duckdb.IOException("IO Error: Cannot open file deals.parquet")


def test_a_question_that_needs_more_gets_more() -> None:
    with duckdb.connect(config={"temp_directory": str(NOWHERE), "memory_limit": "10MB"}) as db:
        numbers = "select count(distinct md5(range::varchar)) from range(500000)"
        with pytest.raises(memory.SHORT):
            db.sql(numbers).fetchall()
        assert memory.enough(db, lambda: db.sql(numbers).fetchall()) == [(500_000,)]


def never() -> None:
    raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data\nPossible solutions: …")


def test_where_the_machine_has_no_more_the_run_stops_and_says_so() -> None:
    with duckdb.connect() as db, pytest.raises(StopRun, match=r"failed to allocate data$") as stopped:
        memory.enough(db, never)
    assert "more memory" in stopped.value.hint


def test_it_says_so_too_in_the_middle_of_an_evaluation(
    population: EvaluationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_evaluate", lambda *_, **__: never())
    with pytest.raises(StopRun, match="does not fit in memory"):
        DuckDb().evaluate(RULES, population, lambda *_: None)


def test_nobody_gets_more_than_the_machine_lets_them(population: EvaluationRequest) -> None:
    with duckdb.connect(config={"memory_limit": "20MB"}) as db:
        memory.confine(db, population)
        assert db.sql("select current_setting('memory_limit')").fetchall() == [("19.0 MiB",)]


def test_memory_grows_with_the_rows_of_every_table_and_with_the_threads(tmp_path: Path) -> None:
    parquet, invoices = tmp_path / "deals.parquet", tmp_path / "invoices.csv"
    invoices.write_text("invoice\n" + "1\n" * 3999)
    beside = {"invoices": Beside((invoices,), {"invoice": "account_id"})}
    with duckdb.connect() as db:
        db.execute(f"copy (select range as deal_id from range(5000)) to '{parquet}'")
        memory.confine(
            db, EvaluationRequest({Table.DEALS: (parquet,)}, date(2026, 4, 1), "UTC", "EUR", "en", beside=beside)
        )
        ((limit, threads),) = db.sql(
            "select parse_formatted_bytes(current_setting('memory_limit')), current_setting('threads')"
        ).fetchall()
    expected = memory.LEAST + threads * memory.EACH_THREAD + 9000 * memory.EACH_ROW
    assert abs(limit - expected) < 200_000


@pytest.mark.parametrize(("threads", "left"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_core_is_left_where_a_query_takes_fewer_than_there_are(
    monkeypatch: pytest.MonkeyPatch, threads: int, *, left: bool
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    with duckdb.connect(config={"threads": threads}) as db:
        assert memory.leaves_a_core(db) == left


def test_accounts_with_little_beside_them_get_what_accounts_with_much_get(tmp_path: Path) -> None:
    accounts, deals = tmp_path / "accounts.csv", tmp_path / "deals.csv"
    accounts.write_text("account_id\n" + "1\n" * 4999)
    limits = []
    for count in (1, 4 * 5000, 6 * 5000):
        deals.write_text("1\n" * count)
        files = {Table.ACCOUNTS: (accounts,), Table.DEALS: (deals,)}
        with duckdb.connect() as db:
            memory.confine(db, EvaluationRequest(files, date(2026, 4, 1), "UTC", "EUR", "en"))
            limits += db.sql("select current_setting('memory_limit')").fetchall()
    assert limits[0] == limits[1] == limits[2]


def test_a_table_beside_the_crm_makes_a_small_population_large(
    population: EvaluationRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices = tmp_path / "invoices.csv"
    invoices.write_text("account_id,invoice_date\n" + "1,2026-01-01\n" * 1000)
    beside = replace(population, beside={"invoices": Beside((invoices,), {"account_id": "account_id"})})
    confined = []
    monkeypatch.setattr(memory, "confine", lambda _, request: confined.append(request))
    monkeypatch.setattr(engine, "SMALL", sum(file.stat().st_size for (file,) in population.files.values()))
    for asked in (population, beside):
        DuckDb().evaluate(RULES, asked, lambda *_: None).close()
    assert confined == [beside]


def test_a_large_file_that_is_broken_is_told_as_any_other(population: EvaluationRequest, tmp_path: Path) -> None:
    cut = tmp_path / "deals.parquet"
    cut.write_bytes(b"PAR1" + bytes(100))
    files = {**population.files, Table.DEALS: (cut,)}
    with pytest.raises(UsageError, match="the file is cut off"):
        DuckDb().evaluate(RULES, replace(population, files=files), lambda *_: None)
