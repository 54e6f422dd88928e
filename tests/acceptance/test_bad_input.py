"""Bad input: one clear error with its exit code, nothing written, nothing lost."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.acceptance.home import TOKEN, Home

if TYPE_CHECKING:
    from collections.abc import Callable


def failed(home: Home, *arguments: str, code: int) -> str:
    """Run a command that must fail: one block on stderr, one document on stdout, nothing written."""
    ended, out, err = home.run(*arguments, "--json")
    assert ended == code, err
    document = json.loads(out)
    assert document["outcome"] == "failed"
    assert document["reasons"][0]["message"]
    assert document["error"]["message"] == document["reasons"][-1]["message"]
    assert document["error"]["hint"]
    assert "hint: " in err
    assert home.writes() == []
    return err


def test_the_admins_token_provisions_where_there_is_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, scopes = "pat-na1-worker-00000001", ["crm.objects.companies.read", "crm.objects.deals.read"]
    access = {"token": None, "scopes": {worker: [*scopes, "crm.schemas.companies.read", "crm.schemas.deals.read"]}}
    assert requests.post(f"{home.url}/_sandbox/access", json=access, timeout=10).status_code == 204
    monkeypatch.setenv("WORKER", worker)
    home.edit('"env:TOKEN"', '"env:WORKER"')
    code, _, err = home.run("provision")
    assert (code, "crm.schemas.companies.write" in err) == (1, True)
    with home.settings.open("a") as file:
        file.write('[crm.admin]\ntoken = "env:TOKEN"\n')
    assert home.run("provision")[0] == 0


def test_a_wrong_token(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "pat-na1-another-one")
    err = failed(home, "sync", code=1)
    assert "401" in err or "token" in err
    assert "pat-na1-another-one" not in err


def test_a_missing_scope_is_named(home: Home) -> None:
    home.fault(action="403-scopes", path="objects/companies", scopes=["crm.objects.companies.read"])
    assert "crm.objects.companies.read" in failed(home, "sync", code=1)


def test_an_unreachable_host(home: Home) -> None:
    home.edit(home.url, "http://127.0.0.1:9")
    assert "127.0.0.1:9" in failed(home, "sync", code=1)


def test_a_property_of_the_wrong_type_is_refused_before_anything_is_written(home: Home) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    wrong = {
        "name": "seg_tier",
        "label": "x",
        "type": "number",
        "fieldType": "number",
        "groupName": "companyinformation",
    }
    answer = requests.post(f"{home.url}/crm/v3/properties/companies", json=wrong, headers=headers, timeout=10)
    assert answer.status_code == 201
    assert "seg_tier" in failed(home, "provision", code=1)
    assert "seg_tier" in failed(home, "sync", "--yes", code=1)


def test_properties_that_are_missing_are_named_with_the_command_that_makes_them(home: Home) -> None:
    err = failed(home, "sync", "--yes", code=1)
    assert "seg_tier" in err
    assert "tiersync provision" in err


@pytest.mark.parametrize("command", ["sync", "plan", "doctor", "provision", "pull"])
def test_a_rule_file_with_three_mistakes_shows_all_three_before_any_call(home: Home, command: str) -> None:
    Path("rules/mine.yaml").write_text(
        "version: 1\nvalues:\n  one: revenu_12m * 2\n  two: revenue_12m >\n  three: employees = 'a'\n"
    )
    code, _, err = home.run(command)
    assert code == 2
    for line in (3, 4, 5):
        assert f"\nrules/mine.yaml:{line}:" in "\n" + err.replace(f"{Path.cwd()}/", "")
    assert requests.get(f"{home.url}/_sandbox/journal", timeout=10).json()["count"] == 0


@pytest.mark.parametrize("command", ["sync", "status", "runs", "doctor", "evaluate --data ."])
def test_settings_with_an_unknown_key(home: Home, command: str) -> None:
    home.edit("retry_seconds", "retry_second")
    code, _, err = home.run(*command.split())
    assert code == 2
    assert err.startswith("settings.toml:5: crm.retry_second: unknown key; did you mean 'retry_seconds'?\n")


def test_an_unknown_parameter_is_named(home: Home) -> None:
    code, _, err = home.run("plan", "--set", "icp.ideal_mim=70")
    assert code == 2
    assert "icp.ideal_mim" in err
    assert "icp.ideal_min" in err


@pytest.mark.parametrize("command", ["apply plan.json", "approve R --reason x", "undo R"])
def test_what_was_planned_takes_no_other_day(home: Home, command: str) -> None:
    Path("plan.json").write_text("{}")
    code, _, err = home.run(*command.split(), "--as-of", "2026-01-01")
    assert code == 2
    assert "--as-of" in err


@pytest.mark.parametrize("folder", ["settings.toml", "/proc/nope"])
def test_a_report_that_has_no_place_to_go_is_a_mistake_of_the_call(home: Home, folder: str) -> None:
    assert "choose another folder" in failed(home, "report", "--out", folder, code=2)


def test_a_plan_file_that_is_none(home: Home) -> None:
    Path("plan.json").write_text("[")
    assert home.run("apply", "plan.json")[0] == 2
    assert home.run("apply", "nowhere.json")[0] == 2


@pytest.mark.parametrize("command", ["approve NOPE --reason x", "undo NOPE", "runs show NOPE", "explain NOPE"])
def test_a_run_or_account_that_is_not_there(home: Home, command: str) -> None:
    assert home.run("pull")[0] == 0
    code, _, err = home.run(*command.split())
    assert code == 2
    assert "NOPE" in err


def test_a_first_run_is_held_and_its_plan_can_be_applied_once_approved(home: Home) -> None:
    assert home.run("provision")[0] == 0
    code, out, err = home.run("sync", "--json")
    assert code == 3
    held = json.loads(out)
    assert held["outcome"] == "held"
    assert [reason["code"] for reason in held["reasons"]] == ["FIRST_RUN"]
    assert f"tiersync approve {held['run']}" in err
    assert home.writes() == []
    code, out, _ = home.run("approve", held["run"], "--reason", "looked at it", "--json")
    assert code == 0
    assert json.loads(out)["written"] == held["changes"]
    assert json.loads(home.run("sync", "--json")[1])["changes"] == 0


@pytest.fixture
def provisioned(home: Home) -> Home:
    assert home.run("provision")[0] == 0
    return home


def test_a_plan_tells_of_changes_also_when_a_value_cannot_be_read(provisioned: Home) -> None:
    found = requests.get(f"{provisioned.url}/_sandbox/records/deals", timeout=10).json()["results"]
    place = f"{provisioned.url}/_sandbox/records/deals/{found[0]['id']}"
    assert (
        requests.post(
            place, json={"properties": {"amount": "12,5", "amount_in_home_currency": None}}, timeout=10
        ).status_code
        < 300
    )
    code, out, err = provisioned.run("plan", "--exit-code", "--json")
    assert json.loads(out)["outcome"] == "partial", err
    assert code == 5
    assert provisioned.run("sync", "--yes")[0] == 4
    assert provisioned.run("plan", "--exit-code")[0] == 4


def documents(home: Home, *commands: str) -> list[Any]:
    return [json.loads(home.run(*command.split(), "--json")[1]) for command in commands]


def test_plan_out_apply_undo_walk_one_plan(provisioned: Home) -> None:
    run_: Callable[..., tuple[int, str, str]] = provisioned.run
    assert run_("sync", "--yes")[0] == 0
    assert run_("plan", "--set", "ladder.top_levels=top,big,medium", "--out", "plan.json", "--exit-code")[0] == 5
    planned = json.loads(Path("plan.json").read_text())
    assert planned["changes"]
    code, out, err = run_("apply", "plan.json", "--json")
    assert code in {0, 3}, err
    assert json.loads(out)["outcome"] in {"ok", "held"}
    if code == 0:
        assert run_("apply", "plan.json")[0] == 3
        assert json.loads(run_("undo", planned["run"], "--json")[1])["written"] == len(planned["changes"])


def test_status_tells_since_when_a_run_is_overdue(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.settings.write_text(home.settings.read_text() + '[schedule]\ncron = "0 6 * * *"\n')
    monkeypatch.setenv("TIERSYNC_NOW", "2026-04-02T07:00:00+02:00")
    home.run("pull")
    assert documents(home, "status")[0]["overdue_since"] is None
    monkeypatch.setenv("TIERSYNC_NOW", "2026-04-03T09:00:00+02:00")
    assert documents(home, "status")[0]["overdue_since"] == "2026-04-03T06:00:00+02:00"
    assert re.search(r"te laat sinds +2026-04-03 06:00", home.run("status")[1])


def test_every_answer_about_runs_is_one_document(provisioned: Home) -> None:
    provisioned.run("sync", "--yes")
    status, runs = documents(provisioned, "status", "runs")
    (shown,) = documents(provisioned, f"runs show {runs[0]['run']}")
    assert set(status) >= {"last_good", "age_seconds", "last", "held", "quarantined", "quota_left"}
    assert isinstance(status["quota_left"], int)
    assert set(runs[0]) >= {"run", "started", "finished", "outcome", "changes", "written", "refused"}
    told = provisioned.run("runs", "show", runs[0]["run"])[1]
    left = f"{len(shown['records']) - 40:,}".replace(",", ".")
    assert f"… en nog {left} waarden: --all toont ze" in told
    assert "--all" not in provisioned.run("runs", "show", runs[0]["run"], "--all")[1]
    assert set(shown["records"][0]) >= {"account", "property", "old", "new", "cause", "outcome", "reason"}
    (explained,) = documents(provisioned, f"explain {shown['records'][0]['account']}")
    assert explained["outputs"]["seg_tier"]
    assert {value["kind"] for value in explained["values"]} == {"field", "fact", "value", "population", "rank"}
    (drawn,) = documents(provisioned, "report --out drawn")
    assert Path(drawn["report"]).stat().st_size > 10_000
