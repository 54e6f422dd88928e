"""Reading tables beside the CRM: whole, or one error that begins with the table's name and holds no secret."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.crm.beside import DatabaseTable, FileTable, Terms
from connector.errors import StopRun
from connector.ports import Join, Read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NOW = datetime(2026, 4, 2, 10, tzinfo=UTC)
WANTED = ("day", "amount", "fine")
PASSWORD = "s3cret-of-the-books"


def terms(**more: Any) -> Terms:
    told = {"name": "bills", "join": Join({"debtor": "debtor"}), "time_zone": "Europe/Amsterdam"}
    return Terms(**{**told, **more})


def rows(source: FileTable | DatabaseTable) -> tuple[list[dict[str, str | None]], Read]:
    found: list[dict[str, str | None]] = []

    def deliver(columns: Mapping[str, Sequence[str | None]]) -> None:
        found.extend(dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))

    return found, source.read(WANTED, deliver, lambda *_: None)


def csv_at(folder: Path, text: str, name: str = "bills.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    return path


def test_a_csv_file_gives_the_columns_asked_for_and_those_it_is_matched_by(tmp_path: Path) -> None:
    path = csv_at(tmp_path, "x,debtor,amount,day\n1,D1,5.00,\n2,,6.00,2026-01-01\n")
    found, read = rows(FileTable(path, terms()))
    assert found == [
        {"debtor": "D1", "amount": "5.00", "day": None},
        {"debtor": None, "amount": "6.00", "day": "2026-01-01"},
    ]
    assert read == Read(2, date(2026, 4, 2))


@pytest.mark.parametrize(("last", "made_on"), [("2062-03-05", date(2026, 3, 1)), ("2026-04-02", date(2026, 4, 2))])
def test_a_row_dated_ahead_does_not_make_old_data_young(tmp_path: Path, last: str, made_on: date) -> None:
    text = f"debtor,amount,made\nD1,1,2026-03-01\nD2,1,{last}\n"
    assert rows(FileTable(csv_at(tmp_path, text), terms(dated="made")))[1].made_on == made_on


def test_a_parquet_file_with_types_gives_the_same_text(tmp_path: Path) -> None:
    path = tmp_path / "bills.parquet"
    day = datetime(2026, 1, 1, 0, 0)  # noqa: DTZ001 - what pandas writes for a date
    table = pa.table({"debtor": [7, 8], "amount": [Decimal("5.00"), None], "day": [day, None], "fine": [True, False]})
    pq.write_table(table, path)
    found, _ = rows(FileTable(path, terms()))
    assert found == [
        {"debtor": "7", "day": "2025-12-31T23:00:00.000000Z", "amount": "5.00", "fine": "true"},
        {"debtor": "8", "day": None, "amount": None, "fine": "false"},
    ]


def test_a_column_may_tell_the_day_of_the_data(tmp_path: Path) -> None:
    path = csv_at(tmp_path, "debtor,amount,made\nD1,5.00,2026-03-05T10:00:00Z\nD1,5.00,2026-03-04\nD2,1,\n")
    assert rows(FileTable(path, terms(dated="made")))[1].made_on == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        (None, {}, "No such file"),
        ("debtor,amount\n", {}, "it holds no rows"),
        ("", {}, "there is no header line"),
        ("debtr,amount\nD1,1\n", {}, "there is no column 'debtor'"),
        ("debtor,amount,amount\nD1,1,2\n", {}, "amount stands twice"),
        ("debtor;amount\nD1;1\n", {}, "separated by semicolons"),
        ("debtor,amount\nD1,1,2\n", {}, "Expected 2 columns"),
        ("debtor,other\nD1,1\n", {}, "it has no column the rules read, only debtor, other"),
        ("debtor,amount,no\nD1,1,7\nD2,1,7\n", {"key": "no"}, "no 7 occurs twice"),
        ("debtor,amount,no\nD1,1,\n", {"key": "no"}, "a row has no no"),
        ("debtor,amount\nD1,1\n", {"key": "number"}, "there is no column 'number'"),
        ("debtor,amount,made\nD1,1,yesterday\n", {"dated": "made"}, "'made' holds no dates"),
        ("debtor,amt\nD1,1\n", {"join": Join({"debtor": "d"}, {"amount": "amount_"})}, "no column 'amount_'"),
        (b"debtor,amount\n\xff\xfe,1\n", {}, "utf-8"),
    ],
)
def test_a_file_that_is_not_right_is_one_error_that_names_the_table(
    tmp_path: Path, text: str | bytes | None, how: dict[str, Any], said: str
) -> None:
    path = tmp_path / "bills.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = FileTable(path, terms(**how))
    with pytest.raises(StopRun) as caught:
        rows(source)
    assert str(caught.value).startswith("tables.bills: ")
    assert said in str(caught.value)
    assert caught.value.hint
    assert source.look(WANTED).level == "bad"


def test_a_parquet_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bills.parquet"
    pq.write_table(pa.table({"debtor": ["D1"], "amount": ["1"]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StopRun, match=r"tables\.bills: "):
        rows(FileTable(path, terms()))


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = csv_at(tmp_path, "debtor,amount\nD1,1\n")

    def rewrite(_: object) -> None:
        path.write_text("debtor,amount\nD1,2\nD2,3\n", encoding="utf-8")

    with pytest.raises(StopRun, match="changed while it was read"):
        FileTable(path, terms()).read(WANTED, rewrite, lambda *_: None)


def test_a_table_that_may_be_empty_is_empty(tmp_path: Path) -> None:
    pieces: list[object] = []
    source = FileTable(csv_at(tmp_path, "debtor,amount\n"), terms(may_be_empty=True))
    assert source.read(WANTED, pieces.append, lambda *_: None).rows == 0
    assert pieces[-1] == {"debtor": [], "amount": []}


# ── databases ────────────────────────────────────────────────────────────────────────────────────


def database(folder: Path) -> Path:
    path = folder / "books.db"
    with sqlite3.connect(path) as books:
        books.execute("create table bill (debtor text, amount real, day text)")
        books.executemany("insert into bill values (?, ?, ?)", [("D1", 5.5, "2026-01-01"), ("D2", None, None)])
    books.close()
    return path


def asked(url: str, query: str, booleans: tuple[str, ...] = (), **how: Any) -> DatabaseTable:
    return DatabaseTable(lambda: url, query, terms(**how), clock=lambda: NOW, booleans=booleans)


def test_a_query_gives_its_rows_as_text_of_today(tmp_path: Path) -> None:
    source = asked(f"sqlite:///{database(tmp_path)}", "select debtor, amount, day from bill order by debtor")
    found, read = rows(source)
    assert found == [
        {"debtor": "D1", "day": "2026-01-01", "amount": "5.5"},
        {"debtor": "D2", "day": None, "amount": None},
    ]
    assert read == Read(2, date(2026, 4, 2))
    assert source.look(WANTED).message == "query: 2 rows of 2026-04-02, not there: fine"


def test_0_and_1_are_booleans_where_the_rules_have_one_and_numbers_elsewhere(tmp_path: Path) -> None:
    query = (
        "with told (debtor, amount, right) as (values ('D1', 0, 0), ('D2', 1, 1), ('D3', 2, 2), ('D4', null, null)) "
        "select * from told order by debtor"
    )
    join = Join({"debtor": "debtor"}, {"fine": "right"})
    found, _ = rows(asked(f"sqlite:///{database(tmp_path)}", query, ("right",), join=join))
    assert [row["right"] for row in found] == ["false", "true", "2", None]  # no cell reads 2 as a boolean
    assert [row["amount"] for row in found] == ["0", "1", "2", None]


def test_what_a_query_does_is_rolled_back(tmp_path: Path) -> None:
    path = database(tmp_path)
    with pytest.raises(StopRun):
        rows(asked(f"sqlite:///{path}", "delete from bill returning debtor"))
    with sqlite3.connect(path) as books:
        assert books.execute("select count(*) from bill").fetchone() == (2,)
    books.close()


@pytest.mark.parametrize(
    ("url", "query", "said"),
    [
        ("sqlite:///{folder}/none.db", "select 1", "not there"),
        ("sqlite:///{folder}/books.db", "select nothing from bill", "OperationalError"),
        ("sqlite:///{folder}/books.db", "select debtor, amount as debtor from bill", "debtor twice"),
        ("sqlite:///{folder}/books.db", "select debtor, x'00' as amount from bill", "'amount' holds bytes"),
        ("sqlite:///{folder}/books.db", "select amount from bill", "there is no column 'debtor'"),
        ("sqlite:///{folder}/books.db", "select debtor, amount from bill where 0", "it holds no rows"),
        (f"postgresql+psycopg://finance:{PASSWORD}@127.0.0.1:1/books", "select 1", "does not answer"),
        (f"nothing://finance:{PASSWORD}@somewhere/books", "select 1", "not installed"),
        (f"finance:{PASSWORD}", "select 1", "not a database URL"),
    ],
)
def test_a_database_that_is_not_right_is_one_error_without_its_address(
    tmp_path: Path, url: str, query: str, said: str
) -> None:
    database(tmp_path)
    source = asked(url.format(folder=tmp_path), query)
    with pytest.raises(StopRun) as caught:
        rows(source)
    told = f"{caught.value} {caught.value.hint} {source.look(WANTED)}"
    assert str(caught.value).startswith("tables.bills: ")
    assert said in told
    assert PASSWORD not in told
    assert "finance:" not in told
    assert caught.value.__cause__ is None
    assert source.look(WANTED).level == "bad"
    assert not (tmp_path / "none.db").exists()
