"""Text cells to values: the same for every source, exact, and nothing guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.engine.tables.reading import Column, load
from connector.engine.tables.sources import find, in_folder
from connector.errors import UsageError
from connector.model.fields import Table, Type
from connector.rules.cells import UNKNOWN, half_up
from connector.rules.python.reading import Unreadable, read_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from connector.model.runs import Reason

UNREADABLE = object()


@pytest.fixture
def db() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'America/New_York'")
        yield connection


def read(db: DuckDBPyConnection, file: Path, **types: Type) -> tuple[list[tuple[object, ...]], list[Reason]]:
    columns = {name: Column(name, name, kind) for name, kind in {"account_id": Type.TEXT, **types}.items()}
    source = find(db, Table.ACCOUNTS, [file])
    reasons = load(db, source, columns, time_zone="Europe/Amsterdam")
    names = ", ".join(types)
    return db.execute(f"select {names} from read_accounts order by account_id").fetchall(), reasons


CELLS = pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Type.MONEY, "12.345", Decimal("12.35")),
        (Type.MONEY, "-12.345", Decimal("-12.35")),
        (Type.MONEY, "0.00499999999999999999999999", Decimal("0.00")),
        (Type.MONEY, "1.005", Decimal("1.01")),
        (Type.MONEY, "9999999999999.99", Decimal("9999999999999.99")),
        (Type.MONEY, "12,5", UNREADABLE),
        (Type.MONEY, "1e5", UNREADABLE),
        (Type.MONEY, "1.000.000", UNREADABLE),
        (Type.MONEY, "€ 5", UNREADABLE),
        (Type.MONEY, "0x10", UNREADABLE),
        (Type.MONEY, "1_000", UNREADABLE),
        (Type.MONEY, "NaN", UNREADABLE),
        (Type.INTEGER, "250", Decimal(250)),
        (Type.INTEGER, "12.5", Decimal("12.5")),
        (Type.INTEGER, "many", UNREADABLE),
        (Type.NUMBER, "1.25", Decimal("1.25")),
        (Type.PERCENT, "33.333333", Decimal("33.333333")),
        (Type.BOOLEAN, "true", True),
        (Type.BOOLEAN, "FALSE", False),
        (Type.BOOLEAN, "yes", UNREADABLE),
        (Type.BOOLEAN, "1", UNREADABLE),
        (Type.DATE, "2026-03-31", date(2026, 3, 31)),
        (Type.DATE, "31/03/2026", UNREADABLE),
        (Type.DATE, "2026-02-30", UNREADABLE),
        (Type.DATE, "2026-3-1", UNREADABLE),
        (Type.DATE, "20260301", UNREADABLE),
        (Type.DATE, "2026-03-31T22:00:00Z", date(2026, 4, 1)),
        (Type.DATE, "2026-03-31T21:59:59.999Z", date(2026, 3, 31)),
        (Type.DATE, "2026-01-31T23:00:00+00:00", date(2026, 2, 1)),
        (Type.DATE, "2026-01-31T22:59:59Z", date(2026, 1, 31)),
        (Type.DATE, "2026-03-29T00:59:59Z", date(2026, 3, 29)),
        (Type.DATE, "2026-10-24T22:30:00Z", date(2026, 10, 25)),
        (Type.DATE, "2026-10-25T22:30:00Z", date(2026, 10, 25)),
        (Type.DATE, "2026-03-31T23:30:00-0500", date(2026, 4, 1)),
        (Type.TIMESTAMP, "2026-03-31T09:30:00.123456Z", date(2026, 3, 31)),
        (Type.TIMESTAMP, "2026-03-31T09:30:00", UNREADABLE),
        (Type.TIMESTAMP, "2026-03-31T25:00:00Z", UNREADABLE),
        (Type.TEXT, "12,5", "12,5"),
        (Type.MULTI, "a; b;c", "a;b;c"),
        (Type.MONEY, "", None),
        (Type.DATE, "", None),
        (Type.MONEY, " 12 ", Decimal("12.00")),
        (Type.MONEY, "-0.001", Decimal("0.00")),
        (Type.BOOLEAN, " true ", True),
        (Type.DATE, " 2026-03-31 ", date(2026, 3, 31)),
        (Type.DATE, "2026-03-31 22:00+00", date(2026, 4, 1)),
        (Type.TIMESTAMP, "2026-03-31 09:30", UNREADABLE),
        (Type.TIMESTAMP, "20260331T093000Z", UNREADABLE),
        (Type.NUMBER, "0.0000005", Decimal("0.000001")),
        (Type.PERCENT, "33.33333349", Decimal("33.333333")),
        (Type.INTEGER, "999999999999.9999994", Decimal("999999999999.999999")),
        (Type.INTEGER, "999999999999.9999995", UNREADABLE),
        (Type.NUMBER, "-1000000000000", UNREADABLE),
        (Type.MONEY, "9999999999999999.99", Decimal("9999999999999999.99")),
        (Type.MONEY, "9999999999999999.995", UNREADABLE),
        (Type.RATE, "0.0000000000005", Decimal("0.000000000001")),
        (Type.RATE, "1000000000000", UNREADABLE),
        (Type.NUMBER, "  ", None),
        (Type.TEXT, "  ", None),
        (Type.TEXT, " as it is ", " as it is "),
    ],
)


@CELLS
def test_a_cell_is_read_exactly_or_listed(
    db: DuckDBPyConnection, tmp_path: Path, kind: Type, text: str, value: object
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(f'account_id,cell\nA1,"{text}"\n', encoding="utf-8")
    rows, reasons = read(db, file, cell=kind)
    assert rows == [(None if value is UNREADABLE else value,)]
    assert [reason.code for reason in reasons] == (["UNREADABLE"] if value is UNREADABLE else [])


@CELLS
def test_plain_python_reads_a_cell_as_the_engine_does(kind: Type, text: str, value: object) -> None:
    try:
        found: object = read_cell(text, kind, time_zone=ZoneInfo("Europe/Amsterdam"))
    except Unreadable:
        found = UNREADABLE
    if isinstance(found, tuple):
        found = ";".join(map(str, found))
    assert found == (UNKNOWN if value is None else value)


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert [f"{half_up(Decimal(text), 1):f}" for text in ("-0.04", "-0.05", "0.04")] == ["0.0", "-0.1", "0.0"]


def test_an_unreadable_cell_is_listed_with_file_row_and_column(db: DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text('account_id,name,employees\nA1,"two\nlines",5\nA2,,lots\n', encoding="utf-8")
    _, reasons = read(db, file, name=Type.TEXT, employees=Type.INTEGER)
    assert [r.message for r in reasons] == [
        "accounts.csv row 3 (account_id A2), column employees: 'lots' is not a number"
    ]
    flagged = db.execute("select account_id from read_accounts where unreadable is not null").fetchall()
    assert flagged == [("A2",)]


def test_columns_of_their_own_called_row_and_file_do_not_confuse_the_place(
    db: DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,row,file,employees\nA1,x,y,lots\n", encoding="utf-8")
    _, reasons = read(db, file, employees=Type.INTEGER)
    assert reasons[0].message.startswith("accounts.csv row 2 (account_id A1), column employees")


def test_a_cell_no_rule_asks_for_is_checked_all_the_same(db: DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,own_turnover\nA1,12,5\nA2,5\n".replace("12,5", '"12,5"'), encoding="utf-8")
    _, reasons = read(db, file, account_id=Type.TEXT)
    assert len(reasons) == 1
    assert "own_turnover" in reasons[0].message


def test_byte_order_mark_windows_lines_and_quotes_are_what_they_are(db: DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_bytes('\ufeffaccount_id,"my name"\r\nA1,"say ""no"", twice"\r\nA2,\r\n'.encode())
    columns = {name: Column(name, name, Type.TEXT) for name in ("account_id", "my name")}
    load(db, find(db, Table.ACCOUNTS, [file]), columns, time_zone="UTC")
    assert db.execute('select "my name" from read_accounts').fetchall() == [('say "no", twice',), (None,)]


def test_parquet_with_types_of_its_own_is_read_as_its_text(db: DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "accounts.parquet"
    cells = {
        "account_id": pa.array([7]),
        "employees": pa.array([12], pa.int32()),
        "own_turnover": pa.array([Decimal("1.005")]),
        "last_contact": pa.array([date(2026, 3, 1)]),
        "seg_exclude": pa.array([True]),
    }
    pq.write_table(pa.table(cells), file)
    rows, reasons = read(
        db, file, employees=Type.INTEGER, own_turnover=Type.MONEY, last_contact=Type.DATE, seg_exclude=Type.BOOLEAN
    )
    assert rows == [(Decimal(12), Decimal("1.01"), date(2026, 3, 1), True)]
    assert reasons == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name\nA\n", "account_id"),
        ("", "no header"),
        ("account_id,name,name\nA,b,c\n", "'name' occurs twice"),
        ("account_id,name\nA,b,c\n", r"accounts\.csv:2: 3 cells, where the header has 2"),
        ('account_id,name\nA,"open\n', r"accounts\.csv:2: a quote is opened and never closed"),
        ("account_id,name\nA,b\nA,c\n", "'A' occurs more than once"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_by_name(
    db: DuckDBPyConnection, tmp_path: Path, content: str, says: str
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=says) as refused:
        read(db, file, name=Type.TEXT)
    assert "accounts.csv" in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_file_that_is_not_utf_8_is_refused(db: DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_bytes("account_id,name\nA,Één\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"accounts\.csv"):
        read(db, file, name=Type.TEXT)


def test_a_row_without_an_id_is_listed(db: DuckDBPyConnection, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("account_id,name\n,nobody\nA1,x\n", encoding="utf-8")
    _, reasons = read(db, file, name=Type.TEXT)
    assert [r.message for r in reasons] == [
        "accounts.csv row 2, column account_id: empty, so the row belongs to no record"
    ]


def test_a_folder_without_deals_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"deals\.csv"):
        in_folder(tmp_path)


def test_a_table_that_comes_twice_is_refused(tmp_path: Path) -> None:
    for name in ("accounts.csv", "accounts.parquet", "deals.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match=r"accounts\.parquet"):
        in_folder(tmp_path)


def test_a_column_nobody_filled_is_connected_and_not_read(db: DuckDBPyConnection, tmp_path: Path) -> None:
    parts = []
    for number, size in enumerate((None, "12")):
        file = tmp_path / f"accounts-{number}.parquet"
        cells = {"account_id": [str(number)], "size": [size], "notes": [None]}
        pq.write_table(pa.table({name: pa.array(column, pa.string()) for name, column in cells.items()}), file)
        parts.append(file)
    source = find(db, Table.ACCOUNTS, parts)
    assert set(source.columns) == {"account_id", "size", "notes"}
    assert source.empty == {"notes"}
    columns = {
        name: Column(name, name, kind)
        for name, kind in {"account_id": Type.TEXT, "size": Type.NUMBER, "notes": Type.TEXT}.items()
    }
    assert load(db, source, columns, time_zone="Europe/Amsterdam") == []
    rows = db.execute("select size::double, notes from read_accounts order by account_id").fetchall()
    assert rows == [(None, None), (12.0, None)]
    held = {name for (name, *_) in db.execute("describe held_accounts").fetchall()}
    assert held == {"account_id", "size", "unreadable"}
