"""The `files` CRM: reads what is there, writes outputs.csv, refuses what it cannot trust."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.crm.files.provider import FilesCrm
from connector.errors import BadAnswer, StopRun, UsageError
from connector.model.changes import Landed, RecordWrite, Target
from connector.model.fields import Table
from connector.ports import Page, PullRequest, PullSummary

COLUMNS = {
    Table.ACCOUNTS: ("account_id", "name", "employees", "seg_tier", "colour"),
    Table.DEALS: ("deal_id", "account_id", "amount"),
    Table.TICKETS: ("ticket_id", "account_id"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts.csv").write_text(
        'account_id,name,employees,colour\n1,"Jansen, ""de"" bakker",,red\n02,Ünal,12,\n'
    )
    (tmp_path / "deals.csv").write_text("deal_id,account_id,amount,extra\nd1,1,10.00,x\n")
    return tmp_path


def quiet(step: str, done: int, total: int | None = None) -> None:
    assert step
    assert total is None or done <= total


def pulled(folder: Path, **asked: Any) -> tuple[dict[Table, dict[str, list[str | None]]], PullSummary]:
    rows: dict[Table, dict[str, list[str | None]]] = defaultdict(lambda: defaultdict(list))

    def deliver(page: Page) -> None:
        for name, values in page.columns.items():
            rows[page.table][name].extend(values)

    summary = FilesCrm(folder).pull(PullRequest(COLUMNS, **asked), deliver, quiet)
    return {table: dict(columns) for table, columns in rows.items()}, summary


def account(record: str, **values: str | None) -> RecordWrite:
    return RecordWrite(Target.ACCOUNT, record, tuple(values.items()))


def test_pull_reads_cells_as_they_are_and_empty_ones_as_missing(folder: Path) -> None:
    rows, summary = pulled(folder)
    assert rows[Table.ACCOUNTS] == {
        "account_id": ["1", "02"],
        "name": ['Jansen, "de" bakker', "Ünal"],
        "employees": [None, "12"],
        "colour": ["red", None],
    }
    assert summary.rows == {Table.ACCOUNTS: 2, Table.DEALS: 1}
    assert summary.full


def test_pull_says_what_is_not_connected(folder: Path) -> None:
    _, summary = pulled(folder)
    assert summary.not_connected == {
        Table.ACCOUNTS: frozenset({"seg_tier"}),
        Table.TICKETS: frozenset({"ticket_id", "account_id"}),
    }


def test_pull_reads_parquet_as_the_same_text(folder: Path) -> None:
    (folder / "accounts.csv").unlink()
    columns = {
        "account_id": pa.array(["1", "2", "3"]),
        "name": pa.array(["a", "", None]),
        "employees": pa.array([1.0, 0.1, float("nan")]),
        "colour": pa.array([True, False, None]),
        "seg_tier": pa.array([1, 2, None], pa.int32()).cast(pa.date32()),
    }
    pq.write_table(pa.table(columns), folder / "accounts.parquet")
    rows, _ = pulled(folder)
    assert rows[Table.ACCOUNTS] == {
        "account_id": ["1", "2", "3"],
        "name": ["a", None, None],
        "employees": ["1", "0.1", None],
        "seg_tier": ["1970-01-02", "1970-01-03", None],
        "colour": ["true", "false", None],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no header"),
        (b"account_id,name\n1\n", "Expected 2 columns, got 1"),
        (b"account_id,name,name\n1,a,b\n", "column name stands twice"),
        (b"account_id,name\n\xff,x\n", "utf-8"),
        (b"name\nx\n", "no column account_id"),
        (b"account_id,name\n,x\n", "a row has no account_id"),
        (b"account_id,name\n1,x\n1,y\n", "account_id 1 stands twice"),
    ],
)
def test_a_file_that_cannot_be_trusted_stops_the_pull_by_name(folder: Path, text: bytes, said: str) -> None:
    (folder / "accounts.csv").write_bytes(text)
    with pytest.raises(BadAnswer, match=said) as caught:
        pulled(folder)
    assert "accounts.csv" in str(caught.value)


def test_a_missing_deals_file_stops_the_pull(folder: Path) -> None:
    (folder / "deals.csv").unlink()
    with pytest.raises(BadAnswer, match=r"no deals\.csv"):
        pulled(folder)


def test_csv_and_parquet_of_one_table_are_refused(folder: Path) -> None:
    pq.write_table(pa.table({"deal_id": ["x"]}), folder / "deals.parquet")
    with pytest.raises(BadAnswer, match="both"):
        pulled(folder)


def test_a_column_a_setting_names_must_be_there(folder: Path) -> None:
    with pytest.raises(UsageError, match="seg_tier"):
        pulled(folder, required={Table.ACCOUNTS: frozenset({"seg_tier"})})


def test_written_values_come_back_with_the_next_pull(folder: Path) -> None:
    outcomes = FilesCrm(folder).write([account("1", seg_tier="large", seg_say_no="false"), account("9", seg_tier="x")])
    assert [(outcome.record, outcome.landed) for outcome in outcomes] == [("1", Landed.WRITTEN), ("9", Landed.GONE)]
    assert (folder / "outputs.csv").read_text() == "account_id,seg_tier,seg_say_no\n1,large,false\n"
    rows, _ = pulled(folder)
    assert rows[Table.ACCOUNTS]["seg_tier"] == ["large", None]


def test_a_later_write_keeps_what_it_does_not_touch(folder: Path) -> None:
    crm = FilesCrm(folder)
    crm.write([account("1", seg_tier="large", seg_action="x")])
    FilesCrm(folder).write([account("02", seg_tier="small"), account("1", seg_action=None)])
    assert (folder / "outputs.csv").read_text() == "account_id,seg_tier,seg_action\n02,small,\n1,large,\n"


def test_a_cleared_value_stays_cleared_where_the_table_has_another(folder: Path) -> None:
    crm = FilesCrm(folder)
    crm.write([account("1", colour=None)])
    assert crm.read(Target.ACCOUNT, ["1", "02", "9"], ["colour", "name"]) == {
        "1": {"colour": None, "name": 'Jansen, "de" bakker'},
        "02": {"colour": None, "name": "Ünal"},
        "9": None,
    }


def test_deals_are_written_beside_accounts(folder: Path) -> None:
    FilesCrm(folder).write([RecordWrite(Target.DEAL, "d1", (("seg_account_tier", "large"),))])
    assert (folder / "outputs_deals.csv").read_text() == "deal_id,seg_account_tier\nd1,large\n"


def test_a_write_the_disk_refuses_leaves_the_old_file_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = FilesCrm(folder)
    crm.write([account("1", seg_tier="large")])
    before = (folder / "outputs.csv").read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StopRun, match="No space left"):
        crm.write([account("1", seg_tier="small")])
    assert (folder / "outputs.csv").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.csv", "deals.csv", "outputs.csv"]


@pytest.mark.parametrize("text", [b"account_id,seg_tier\n1,large\n02,\xff\n", b"seg_tier\nlarge\n"])
def test_an_outputs_file_that_cannot_be_read_is_never_replaced(folder: Path, text: bytes) -> None:
    (folder / "outputs.csv").write_bytes(text)
    crm = FilesCrm(folder)
    for _ in range(2):
        with pytest.raises(BadAnswer, match=r"outputs\.csv"):
            crm.write([account("1", seg_tier="small")])
    assert (folder / "outputs.csv").read_bytes() == text


def test_doctor_names_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (finding,) = FilesCrm(tmp_path / "nowhere").doctor(PullRequest(COLUMNS), [])
    assert (finding.level, finding.subject) == ("bad", "folder")


def test_doctor_has_one_line_per_table(folder: Path) -> None:
    found = [(finding.level, finding.subject) for finding in FilesCrm(folder).doctor(PullRequest(COLUMNS), [])]
    assert found == [("good", "accounts"), ("good", "deals"), ("unchecked", "tickets")]
