"""Wiring: which settings, which clock, which parts; and nothing imported before it is needed."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.crm.files.provider import FilesCrm
from connector.errors import UsageError
from connector.model.fields import Table
from connector.wiring import Wiring, shipped, wire
from connector.wiring.clocks import clock, machine_clock
from connector.wiring.secrets import open_secrets
from connector.wiring.walking import policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def wired(settings: Path | None = None, *, needs_file: bool = True, as_of: date | None = None) -> Wiring:
    return wire(settings, as_of=as_of, overrides={}, needs_file=needs_file)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIERSYNC_SETTINGS", raising=False)
    monkeypatch.delenv("TIERSYNC_NOW", raising=False)
    return tmp_path


def test_the_option_wins_over_the_environment_that_over_the_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("settings.toml", "environment.toml", "option.toml"):
        (here / name).touch()
    assert wired().loaded.file == Path("settings.toml")
    monkeypatch.setenv("TIERSYNC_SETTINGS", "environment.toml")
    assert wired().loaded.file == Path("environment.toml")
    assert wired(Path("option.toml")).loaded.file == Path("option.toml")


@pytest.mark.usefixtures("here")
def test_a_command_that_needs_no_settings_does_without() -> None:
    assert wired(needs_file=False).loaded.file is None
    assert wired(needs_file=False).rules_directory == shipped("rules")
    with pytest.raises(UsageError, match="no such settings file"):
        wired()


@pytest.mark.usefixtures("here")
def test_a_named_file_must_exist_even_when_none_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERSYNC_SETTINGS", "nowhere.toml")
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        wired(needs_file=False)


@pytest.mark.parametrize("text", ["2026-04-02T06:00:00+00:00", "2026-04-02T06:00:00", "2026-04-02T08:00:00+02:00"])
def test_the_clock_can_be_fixed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERSYNC_NOW", text)
    assert clock()() == datetime(2026, 4, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize("text", ["tomorrow", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_fixed_clock_must_be_a_time_that_a_calendar_can_count_around(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("TIERSYNC_NOW", text)
    with pytest.raises(UsageError, match="TIERSYNC_NOW"):
        clock()


@pytest.mark.usefixtures("here")
def test_without_a_fixed_clock_the_machine_tells_the_time() -> None:
    assert clock() is machine_clock


def test_today_is_a_day_of_the_business_time_zone(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "settings.toml").write_text('[run]\ntime_zone = "Europe/Amsterdam"\n')
    monkeypatch.setenv("TIERSYNC_NOW", "2026-04-02T22:30:00+00:00")
    assert wired().as_of == date(2026, 4, 3)
    assert wired(as_of=date(2025, 1, 1)).as_of == date(2025, 1, 1)


@pytest.mark.usefixtures("here")
def test_one_call_is_of_one_day_and_the_next_run_of_a_worker_of_its_own() -> None:
    wiring = wired(needs_file=False)
    moments = iter([datetime(2026, 4, 2, 21, 59, tzinfo=UTC), datetime(2026, 4, 2, 22, 1, tzinfo=UTC)])
    wiring.clock = lambda: next(moments)
    assert (wiring.as_of, wiring.as_of) == (date(2026, 4, 2), date(2026, 4, 2))
    wiring.afresh()
    assert wiring.as_of == date(2026, 4, 3)


def test_files_are_a_crm(here: Path) -> None:
    (here / "settings.toml").write_text('[crm]\nkind = "files"\npath = "data"\n')
    assert isinstance(wired().crm, FilesCrm)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no [crm] section"),
        ('[crm]\nkind = "salesforce"\nlogin = "session"\ntoken = "env:HOME"\ninstance_url = "x"', "instance_url"),
        ('[crm]\nkind = "salesforce"\nlogin = "session"\ntoken = "env:T"\ninstance_url = "x"', "env:T is not set"),
        ('[crm]\nkind = "hubspot"\ntoken = "env:NOT_SET_ANYWHERE"', "env:NOT_SET_ANYWHERE is not set"),
    ],
)
def test_a_crm_that_cannot_be_opened_is_a_usage_error(here: Path, text: str, said: str) -> None:
    (here / "settings.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        _ = wired().crm
    assert said in str(caught.value)


@pytest.mark.parametrize("token", ["pat-eu1-a\npat-eu1-b", '"pat-eu1-a"', "pat-eu1-a b", "pat-eu1-\u2026"])
def test_a_token_that_was_not_copied_as_it_is_is_refused_by_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("COPIED", token)
    (here / "settings.toml").write_text('[crm]\nkind = "hubspot"\ntoken = "env:COPIED"\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"crm\.token: env:COPIED holds") as caught:
        _ = wired().crm
    assert token not in str(caught.value) + caught.value.hint


def test_an_engine_of_a_later_version_is_refused(here: Path) -> None:
    (here / "settings.toml").write_text('[engine]\nkind = "spark"\n')
    with pytest.raises(UsageError, match="spark"):
        _ = wired().engine


@pytest.mark.parametrize(("section", "language"), [("", "nl"), ('[run]\nlanguage = "en"', "en")])
def test_the_language_of_the_run_wins_over_that_of_the_rules(here: Path, section: str, language: str) -> None:
    (here / "settings.toml").write_text(
        f'{section}\n[parameters]\n"labels.language" = "nl"\n[rules]\ndirectory = "{shipped("rules")}"\n'
    )
    assert wired().language == language
    assert wired().labels.language == language


def test_the_settings_say_how_long_runs_are_kept(here: Path) -> None:
    (here / "settings.toml").write_text(f'[rules]\ndirectory = "{shipped("rules")}"\n[state]\nkeep_days = 30\n')
    assert policy(wired(), as_of=None).keep_runs == timedelta(days=30)


BOOKS = f"""[rules]
directory = "{shipped("rules")}"
[tables.invoices]
path = "invoices.csv"
match = {{vat = "vat_id"}}
"""


def test_a_table_column_the_rules_do_not_know_is_refused_with_a_near_name(here: Path) -> None:
    (here / "settings.toml").write_text(BOOKS + 'columns = {open_amout = "x"}\n')
    with pytest.raises(UsageError, match=r"tables\.invoices\.columns: .* 'open_amout'") as caught:
        _ = wired().beside
    assert caught.value.hint == "did you mean 'open_amount'?"


def test_what_the_rules_call_a_boolean_may_be_told_as_0_or_1_by_a_database(here: Path) -> None:
    asked = BOOKS.replace('path = "invoices.csv"', 'url = "sqlite:///books.db"\nquery = "select * from bill"')
    (here / "settings.toml").write_text(asked + 'columns = {disputed = "contested"}\n')
    with closing(sqlite3.connect(here / "books.db")) as books, books:
        books.execute("create table bill (vat, invoice_date, due_date, open_amount, contested)")
        books.executemany("insert into bill values (?, null, null, ?, ?)", [("1", 1, 0), ("2", 0, 1)])
    read: list[Mapping[str, Sequence[str | None]]] = []
    (source,) = wired().beside
    source.read(tuple(wired().rules.tables["invoices"]), read.append, lambda *_: None)
    assert (read[0]["open_amount"], read[0]["contested"]) == (["1", "0"], ["false", "true"])


def test_the_field_a_table_is_matched_by_must_be_in_the_crm(here: Path) -> None:
    (here / "settings.toml").write_text(BOOKS)
    request = wired().pull_request
    assert "vat_id" in request.columns[Table.ACCOUNTS]
    assert request.required[Table.ACCOUNTS] == {"vat_id"}


def test_a_property_that_the_rules_do_not_write_cannot_be_kept_or_overwritten(here: Path) -> None:
    section = f'[rules]\ndirectory = "{shipped("rules")}"\n[run.on_edit]\n'
    (here / "settings.toml").write_text(f'{section}seg_account_tier = "overwrite"\nseg_tier = "keep"\n')
    assert set(policy(wired(), as_of=None).on_edit) == {"seg_account_tier", "seg_tier"}
    (here / "settings.toml").write_text(f'{section}seg_teir = "keep"\n')
    with pytest.raises(UsageError, match="no property seg_teir") as caught:
        policy(wired(), as_of=None)
    assert caught.value.hint == "did you mean 'seg_tier'?"
    (here / "settings.toml").write_text(f'{section}seg_override_tier = "overwrite"\n')
    with pytest.raises(UsageError, match="no property seg_override_tier"):
        policy(wired(), as_of=None)


@pytest.mark.parametrize(("mode", "read_only", "fix"), [(0o640, 0, "chmod 600"), (0o444, os.ST_RDONLY, "mount it")])
def test_a_secret_that_others_may_read_is_warned_of_with_what_helps_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, mode: int, read_only: int, fix: str
) -> None:
    (here / "settings.toml").write_text('[crm]\nkind = "hubspot"\ntoken = "file:token"\n[run]\nlanguage = "en"\n')
    (here / "token").write_text("planted-token")
    (here / "token").chmod(mode)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((0,) * 8 + (read_only, 0)))
    (found,) = open_secrets(wired())
    assert (found.level, found.subject, found.fix.startswith(fix)) == ("warning", "crm.token", True)
