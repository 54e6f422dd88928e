"""Files that are damaged, of another kind, or written otherwise: one error with the place, or read rightly."""

from __future__ import annotations

import tracemalloc
from io import BytesIO
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.engine import memory
from connector.engine.tables import broken
from connector.engine.tables.reading import Column, load
from connector.engine.tables.sources import find
from connector.errors import UsageError
from connector.model.fields import Table, Type

if TYPE_CHECKING:
    from pathlib import Path

CSV = "account_id,name,employees\n1,Acme,10\n2,Beta,20\n3,Gamma,30\n"
ROWS = [("1", "Acme"), ("2", "Beta"), ("3", "Gamma")]
PLAIN = {"account_id": ["1", "2", "3"], "name": ["Acme", "Beta", "Gamma"]}


def parquet(columns: dict[str, object] | pa.Table) -> bytes:
    file = BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), file)
    return file.getvalue()


def read(folder: Path, content: bytes, *, suffix: str = "csv") -> list[tuple[object, ...]]:
    file = folder / f"accounts.{suffix}"
    file.write_bytes(content)
    with duckdb.connect() as db:
        source = find(db, Table.ACCOUNTS, [file])
        columns = {name: Column(name, name, Type.TEXT) for name in ("account_id", "name")}
        load(db, source, columns, time_zone="UTC")
        return db.execute("select account_id, name from read_accounts order by all").fetchall()


def refused(folder: Path, content: bytes, *, suffix: str = "csv") -> str:
    with pytest.raises(UsageError) as caught:
        read(folder, content, suffix=suffix)
    assert caught.value.hint
    return f"{str(caught.value).removeprefix(f'{folder}/')}; {caught.value.hint}"


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig"),
        CSV.replace("\n", "\r\n").encode(),
        CSV.replace("\n", "\r").encode(),
        CSV.rstrip().encode(),
        (CSV.replace("2,Beta", "\n2,Beta") + "\n\n").encode(),
        CSV.replace("account_id,name", " account_id , name").encode(),
    ],
)
def test_csv_is_read_with_any_line_ends_a_mark_in_front_and_blank_lines(content: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, content) == ROWS


def test_a_file_with_nothing_but_its_header_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, b"account_id,name\n") == []
    assert read(tmp_path, parquet(pa.table(PLAIN).slice(0, 0)), suffix="parquet") == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (CSV.replace("Beta", "Be\0ta").encode(), "accounts.csv:3: a NUL byte"),
        (CSV.replace("Beta", "B\xe9ta").encode("latin-1"), "accounts.csv:3: the byte 0xe9 is not UTF-8"),
        (CSV.replace("name", "n\xe4me").encode("latin-1"), "accounts.csv:1: the byte 0xe4 is not UTF-8"),
        (CSV.encode("utf-16"), "accounts.csv: this is text in UTF-16"),
        (CSV.encode("utf-16-le"), "accounts.csv:1: a NUL byte"),
        (parquet(PLAIN), "accounts.csv: this is Parquet, not CSV; name it accounts.parquet"),
        (b"PK\x03\x04" + bytes(50), "accounts.csv: this is a spreadsheet or zip file"),
        (CSV.replace("Beta", '"Beta').encode(), "accounts.csv:3: a quote is opened and never closed"),
        (b'"' + CSV.encode(), "accounts.csv:1: a quote is opened and never closed"),
        (CSV.replace("Beta", '"Be"ta').encode(), "accounts.csv:3: a quote within a quoted value is not doubled"),
        (CSV.replace("2,Beta,20", "2,Beta,20,7").encode(), "accounts.csv:3: 4 cells, where the header has 3"),
        (CSV.replace("2,Beta,20", "2").encode(), "accounts.csv:3: 1 cell, where the header has 3"),
        (CSV.replace(",20\n", ",20\r\n").encode(), "accounts.csv:3: the line ends with CRLF, those before with LF"),
        (CSV.replace("Beta", "x" * (1 << 24)).encode(), "accounts.csv:3: the line is longer than 16 MB"),
        (CSV.replace("employees", "Name").encode(), "the columns 'name' and 'Name' differ in case only"),
        (CSV.replace(",", ";").encode(), "'account_id' is missing; its cells are not separated by commas"),
        (CSV.split("\n", 1)[1].encode(), "'account_id' is missing; it has: 1, Acme, 10; the first row names"),
        (b"", "accounts.csv: no header"),
    ],
)
def test_broken_csv_is_refused_with_its_line_and_what_to_do(content: bytes, says: str, tmp_path: Path) -> None:
    told = refused(tmp_path, content)
    assert says in told
    assert len(told) < 300


def test_the_line_is_found_far_down_and_behind_values_of_several_lines(tmp_path: Path) -> None:
    many = "".join(f'{number},"two\nlines",5\n' for number in range(10_000))
    assert "accounts.csv:20005: 2 cells" in refused(tmp_path, (CSV + many + "last,x\n").encode())


def test_a_long_cell_is_not_blamed_for_a_mistake_below_it(tmp_path: Path) -> None:
    long = CSV.replace("Acme", "x" * 200_000).replace("employees", "e" * 200_000)
    assert read(tmp_path, long.encode())[0] == ("1", "x" * 200_000)
    assert "accounts.csv:4: 4 cells" in refused(tmp_path, long.replace("3,Gamma,30", "3,Gamma,30,7").encode())


def test_a_quote_that_never_closes_is_told_where_it_opens_however_much_follows(tmp_path: Path) -> None:
    much = "".join(f"{number},name,5\n" for number in range(20_000))
    assert "accounts.csv:2: a quote is opened and never closed" in refused(
        tmp_path, CSV.replace("Acme", '"Acme').encode() + much.encode()
    )


@pytest.mark.parametrize("content", [CSV + "4," + "x" * 5_000_000, "x" * 5_000_000])
def test_of_an_endless_line_no_more_is_read_than_of_a_good_one(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken, "LONGEST_LINE", 1000)
    monkeypatch.setattr(broken, "BLOCK", 1000)
    file = tmp_path / "accounts.csv"
    file.write_text(content)
    tracemalloc.start()
    with pytest.raises(UsageError, match="the line is longer"), broken.told([file], of_csv=True):
        raise duckdb.InvalidInputException
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "accounts.parquet: the file is empty"),
        (CSV.encode(), "accounts.parquet: this is not Parquet; it looks like text; name it accounts.csv"),
        (b"\0\1\2" * 50, "accounts.parquet: this is not Parquet; name it"),
        (parquet(PLAIN)[:-20], "accounts.parquet: the file is cut off, its end is missing; export or copy it again"),
        (b"PAR1" + b"x" * 50 + b"PAR1", "accounts.parquet: the file is damaged"),
        (parquet(PLAIN)[:4] + bytes(60) + parquet(PLAIN)[64:], "accounts.parquet: the file is damaged"),
        (
            parquet({**PLAIN, "name": [{"first": "a"}, None, None]}),
            "the column 'name' holds more than one value in a cell (STRUCT",
        ),
        (parquet({**PLAIN, "account_id": [["1"], ["2"], ["3"]]}), "'account_id' holds more than one value"),
        (
            parquet({**PLAIN, "employees": [["10"], None, None]}),
            "the column 'employees' holds more than one value in a cell (VARCHAR[]); export it as text",
        ),
        (parquet({**PLAIN, "name": [b"a\xff", b"b", b"c"]}), "accounts.parquet: the file is damaged"),
        (
            parquet(pa.Table.from_arrays([pa.array(["1"])] * 3, names=["account_id", "name", "name"])),
            "the column 'name' occurs twice",
        ),
    ],
)
def test_broken_parquet_is_refused_with_what_is_wrong_and_what_to_do(content: bytes, says: str, tmp_path: Path) -> None:
    assert says in refused(tmp_path, content, suffix="parquet")


def test_a_nested_column_of_their_own_that_nobody_reads_does_not_matter(tmp_path: Path) -> None:
    content = {**PLAIN, "tags": [["a"], [], None], "more": [{"name": "x"}, None, None]}
    assert read(tmp_path, parquet(content), suffix="parquet") == ROWS


def test_text_that_a_parquet_file_calls_bytes_is_read_as_text(tmp_path: Path) -> None:
    content = {**PLAIN, "name": ["Één".encode(), b"b", b"c"]}
    assert read(tmp_path, parquet(content), suffix="parquet")[0] == ("1", "Één")


def test_want_of_memory_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    file = tmp_path / "accounts.parquet"
    rows = pa.table({"account_id": [f"{number:0200}" for number in range(50_000)]})
    pq.write_table(rows, file)
    with duckdb.connect(config={"temp_directory": "/proc/nowhere"}) as db:
        source = find(db, Table.ACCOUNTS, [file])
        db.execute("set memory_limit = '3MB'")
        with pytest.raises(memory.SHORT):
            load(db, source, {"account_id": Column("account_id", "account_id", Type.TEXT)}, time_zone="UTC")
