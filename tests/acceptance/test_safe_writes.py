"""Guards, approval, plan files, undo and a person's edits, by the commands a user types, against a CRM over HTTP."""

from __future__ import annotations

import csv
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.acceptance.commands import TIERSYNC, TOKEN, sandbox, settings, wait_until
from tests.acceptance.companies import COMPANIES, CUSTOMERS, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with sandbox("--limits", "off", cwd=tmp_path) as url:
        yield Office(tmp_path, url)


def codes(document: Any) -> list[str]:
    return [reason["code"] for reason in document["reasons"]]


def test_a_first_run_waits_for_approval_and_a_guard_holds_what_moves_too_much(office: Office) -> None:
    empty = office.picture()
    held = office.sync(code=3)
    assert codes(held) == ["FIRST_RUN"]
    assert office.picture() == empty
    assert office.run("approve", held["run"], code=2)
    assert office.run("status", "--json", code=0).json()["held"]["run"] == held["run"]
    approved = office.run("approve", held["run"], "--reason", "seen", "--json", code=0).json()
    assert approved["written"] == held["changes"] > 0
    assert office.sync(code=0)["changes"] == 0

    for number in range(CUSTOMERS, COMPANIES):
        office.win(f"c{number}", 10)
    settings(office.folder, office.portal.url, more="[limits]\nmax_tier_change_pct = 9.9")
    before = office.picture()
    document = office.sync(code=3)
    assert codes(document) == ["TIER_CHANGE_SHARE"]
    message = document["reasons"][0]["message"]
    assert "3 of 30 accounts with a tier (10 %) would change it; the limit is 9.9 %" in message
    assert f"tiersync approve {document['run']} --reason" in message
    assert office.picture() == before
    assert office.run("approve", document["run"], "--reason", "three new customers", "--json", code=0).json()["written"]
    assert office.holds("c29", "seg_revenue_12m") == "10"
    again = office.run("approve", document["run"], "--reason", "again", code=3)
    assert "was applied already" in again.stderr
    assert "written" not in again.stderr


def test_a_plan_and_a_held_run_tell_once_what_holds_them_and_status_agrees(office: Office) -> None:
    calls = len(office.portal.journal())
    refused = office.run("plan", "--out", "no/such/folder/plan.json", code=2)
    assert "no/such/folder/plan.json: No such file or directory" in refused.stderr
    assert len(office.portal.journal()) == calls

    office.run("sync", code=3)
    again = office.run("sync", code=3).stdout
    assert "is held with the very plan of run" in again
    assert len(again.splitlines()) == 2
    office.win("c29", 7)
    for command, code in (("plan", 0), ("sync", 3)):
        told = office.run(command, code=code)
        assert (told.stdout + told.stderr).count("first run: nothing was written yet") == 1
        run = office.run("runs", "--json", code=0).json()[0]["run"]
        assert f"tiersync approve {run} --reason" in told.stdout
        assert f"tiersync approve {run} --reason" in office.run("status", code=0).stdout


def test_a_persons_edit_stays_and_is_listed_and_a_plan_file_is_applied_once(office: Office) -> None:
    office.sync("--yes", code=0)
    office.edit("c1", seg_tier="strategic")
    office.win("c1", 500)
    planned = office.run("plan", "--out", "plan.json", "--exit-code", "--json", code=5).json()
    assert planned["kept"] == 1
    done = office.run("apply", "plan.json", "--json", code=0).json()
    assert done["written"] == planned["changes"] > 0
    assert office.holds("c1", "seg_tier") == "strategic"
    assert office.holds("c1", "seg_revenue_12m") == "1501"
    shown = office.run("runs", "show", done["run"], "--json", code=0).json()["records"]
    (kept,) = [record for record in shown if record["outcome"] == "kept"]
    assert (kept["property"], kept["old"]) == ("seg_tier", "strategic")
    assert kept["reason"].endswith('set [run.on_edit] seg_tier = "overwrite"')
    assert kept["reason"] in office.run("runs", "show", done["run"], code=0).stdout
    assert "ALREADY_APPLIED" in codes(office.run("apply", "plan.json", "--json", code=3).json())

    office.win("c2", 500)
    office.run("plan", "--out", "stale.json", code=0)
    office.edit("c2", seg_revenue_12m="1")
    stale = office.run("apply", "stale.json", "--json", code=3).json()
    assert codes(stale) == ["STALE"]
    assert office.holds("c2", "seg_revenue_12m") == "1"
    (office.folder / "stale.json").write_text("{")
    assert "stale.json" in office.run("apply", "stale.json", code=2).stderr


def test_undo_brings_back_what_nobody_changed_and_it_is_not_written_again_unasked(office: Office) -> None:
    office.sync("--yes", code=0)
    before = office.picture()
    office.win("c1", 500)
    run = office.sync(code=0)["run"]
    assert office.picture() != before
    broken = office.folder / "rules" / "broken.yaml"
    broken.write_text("a slip of the pen\n", "utf-8")  # an edit that went wrong is no hindrance to going back
    undone = office.run("undo", run, "--json", code=0)
    assert undone.json()["written"]
    assert "going on without the rules" in undone.stderr
    assert "broken.yaml:1:1" in undone.stderr
    broken.unlink()
    assert office.picture() == before
    held = office.sync(code=3)
    assert codes(held) == ["UNDONE"]
    assert office.picture() == before
    second = office.run("approve", held["run"], "--reason", "right after all", "--json", code=0).json()["run"]
    assert office.holds("c1", "seg_revenue_12m") == "1501"
    office.edit("c1", seg_revenue_12m="5")
    assert office.run("undo", second, code=4)
    assert office.holds("c1", "seg_revenue_12m") == "5"


def test_a_run_killed_while_it_writes_is_put_right_by_the_next(office: Office) -> None:
    office.sync("--yes", code=0)
    for number in range(COMPANIES):
        office.win(f"c{number}", 10)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "HUBSPOT_TOKEN": TOKEN}
    process = subprocess.Popen([*TIERSYNC, "sync"], cwd=office.folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: any("/batch/update" in call["path"] for call in office.portal.journal()[-3:]), seconds=60)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
    settled = office.sync(code=0)
    assert settled["kept"] == 0
    assert office.holds("c20", "seg_revenue_12m") == "1030"
    assert office.sync(code=0)["changes"] == 0


def test_every_value_ever_written_is_exported_and_a_deleted_account_is_forgotten(office: Office) -> None:
    done = office.sync("--yes", code=0)
    office.win("c1", 500)
    again = office.sync(code=0)
    told = office.run("runs", "export", "--out", "all.csv", "--json", code=0).json()
    assert told["values"] == done["written"] + again["written"]
    with (office.folder / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mine = [row for row in rows if (row["account"], row["property"]) == (office.ids["c1"], "seg_revenue_12m")]
    assert [(row["run"], row["old"], row["new"], row["cause"]) for row in mine] == [
        (done["run"], "", "1001", "first assignment"),
        (again["run"], "1001", "1501", "own data changed"),
    ]
    with closing(sqlite3.connect(office.folder / "var/tiersync.db")) as db:
        asked = "select run, account, property, old, new, cause from changes join runs using (run_no) "
        sent = set(db.execute(asked + "where landed = 'written'"))
    exported = {(row["run"], row["account"], row["property"], row["old"], row["new"], row["cause"]) for row in rows}
    assert {(*row[:3], row[3] or "", row[4] or "", row[5]) for row in sent} == exported
    one = str(office.folder / "one.parquet")
    office.run("runs", "export", "--out", one, "--account", office.ids["c1"], code=0)
    with duckdb.connect() as db:
        found = db.execute("select new from read_parquet(?) where property = 'seg_revenue_12m' order by run", [one])
        assert found.fetchall() == [("1001",), ("1501",)]
    assert office.run("runs", "forget", office.ids["c1"], code=2)
    office.portal.post("/crm/v3/objects/companies/batch/archive", {"inputs": [{"id": office.ids["c1"]}]})
    office.run("pull", "--full", code=0)
    assert "knows no account 1234567" in office.run("runs", "forget", "1234567", code=2).stderr
    assert office.run("runs", "forget", office.ids["c1"], "--json", code=0).json()["rows"] > 0
    gone = office.run("runs", "export", "--out", "none.csv", "--account", office.ids["c1"], code=2)
    assert f"nothing was ever written on account {office.ids['c1']}" in gone.stderr
    assert not (office.folder / "none.csv").exists()
    assert office.run("runs", "export", "--out", "all.txt", code=2)


def test_a_crm_that_loses_deals_overnight_demotes_nobody_and_who_rises_is_written(office: Office) -> None:
    office.sync("--yes", code=0)
    before = office.picture()
    lost = list(office.portal.records("deals", ["amount"]))[: CUSTOMERS * 3 // 10]
    office.portal.post("/crm/v3/objects/deals/batch/archive", {"inputs": [{"id": deal} for deal in lost]})
    held = office.sync("--full", code=3)
    assert (codes(held), held["outcome"]) == (["SMALL_PULL"], "held")
    assert office.picture() == before

    office.win("c29", 5_000)
    held = office.sync("--full", code=3)
    assert (codes(held), office.picture()) == (["SMALL_PULL"], before)
    settings(office.folder, office.portal.url, more='[limits]\nsmall_pull = "wait"')
    partly = office.sync("--full", code=4)
    assert (codes(partly), partly["outcome"]) == (["SMALL_PULL"], "partial")
    assert partly["waiting"] >= len(lost)
    assert f"tiersync approve {partly['run']} --reason" in partly["reasons"][0]["message"]
    assert office.holds("c29", "seg_tier") == "large"
    assert {k: v for k, v in office.picture().items() if k != office.ids["c29"]} == {
        k: v for k, v in before.items() if k != office.ids["c29"]
    }
    assert office.run("status", "--json", code=0).json()["held"]["run"] == partly["run"]
    office.run("approve", partly["run"], "--reason", "doubles, removed on purpose", code=0)
    assert office.holds("c0", "seg_revenue_12m") != "1000"
    assert office.sync("--full", code=0)["changes"] == 0


def test_an_input_emptied_overnight_changes_nobody(office: Office) -> None:
    for number in range(COMPANIES):
        office.edit(f"c{number}", industry="MACHINERY")
    office.sync("--yes", code=0)
    before = office.picture()
    for number in range(COMPANIES * 6 // 10):
        office.edit(f"c{number}", industry="")
    assert codes(office.sync("--full", code=3)) == ["EMPTIED_INPUT"]
    assert office.picture() == before


def test_what_revops_reads_is_in_dutch_when_the_settings_say_so(office: Office) -> None:
    file = office.folder / "settings.toml"
    file.write_text(file.read_text("utf-8").replace('language = "en"', 'language = "nl"'), "utf-8")
    held = office.run("sync", code=3)
    assert "eerste run: er is nog niets weggeschreven" in held.stdout
    assert "aangehouden" in held.stderr
    run = office.run("runs", "--json", code=0).json()[0]["run"]
    assert "laatste run" in office.run("status", code=0).stdout
    assert "aangehouden" in office.run("runs", code=0).stdout
    assert office.run("approve", run, "--reason", "gezien", code=0)
    shown = office.run("runs", "show", run, code=0).stdout
    assert "eerste indeling" in shown
    assert "Klantsegment" in shown
    assert "weggeschreven" in shown
    assert not [word for word in ("pulled_", "rows_", "seg_tier", "first assignment") if word in shown]
    assert " waarden geschreven naar all.csv" in office.run("runs", "export", "--out", "all.csv", code=0).stderr
    found = office.run("doctor", code=0).stdout
    assert "klok: nog geen vijf minuten anders dan die van HubSpot" in found
    assert "regels: " in found
    assert "zijn er" in found
    assert "HubSpot vertelt niet wat dit soort token mag" in found
    assert not [
        word for word in (" clock", "within", "all ", "whether", "last pull", "not connected:") if word in found
    ]
