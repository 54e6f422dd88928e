"""`init` and `demo`: the first minutes leave nothing behind but what they say."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from connector.cli import demo
from connector.cli.demo import MARK
from connector.cli.ending import run
from connector.settings.load import load


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return tmp_path


def test_init_writes_settings_and_rules_that_are_good(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["init"]) == 0
    assert run(["rules", "check"]) == 0
    assert run(["rules", "test"]) == 0
    assert "HUBSPOT_TOKEN" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("kind", "login"), [("hubspot", "HUBSPOT_TOKEN"), ("salesforce", "SF_CLIENT_SECRET"), ("files", "")]
)
def test_init_writes_settings_for_the_crm_it_is_told(kind: str, login: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--crm", kind]) == 0
    said = capfd.readouterr().err
    assert login in said
    assert [word in said for word in ("export", "tiersync provision")] == [bool(login)] * 2
    loaded = load(Path("settings.toml")).settings
    assert loaded.crm is not None
    assert (loaded.crm.kind, loaded.rules.directory, loaded.run.language) == (kind, "rules", "en")


@pytest.mark.parametrize("mine", ["settings.toml", "rules"])
def test_init_overwrites_nothing(mine: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path(mine).write_text("mine")
    assert run(["init"]) == 2
    assert mine in capfd.readouterr().err
    assert [path.name for path in Path().iterdir()] == [mine]
    assert Path(mine).read_text() == "mine"


def test_the_demo_walks_the_whole_way_and_ends_its_sandbox(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--companies", "40", "--json"]) == 0
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert told["first"]["written"] == told["first"]["changes"] > 0
    assert (told["second"]["changes"], told["second"]["written"]) == (0, 0)
    assert Path(told["report"]).stat().st_size > 10_000
    assert len(Path(told["report"]).with_name("changes.csv").read_text().splitlines()) > 1, "the run that wrote"
    assert set(re.findall(r"^report: (.*)$", err, re.MULTILINE)) == {told["report"]}
    assert [str(page.absolute()) for page in Path("var").rglob("report.html")] == [told["report"]]
    (url,) = re.findall(r"listens on (http://127\.0\.0\.1:\d+)", err)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_what_a_step_of_the_demo_printed_stands_in_a_file_before_the_next_line(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perform(_: object) -> tuple[int, object]:
        sys.stdout.write("a table\n")
        return 0, SimpleNamespace(result=None)

    monkeypatch.setattr("connector.cli.ending.perform", perform)
    with (here / "log").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        demo._step(here, "plan")
        assert (here / "log").read_text() == "a table\n"


def test_the_demo_removes_no_folder_it_did_not_make(capfd: pytest.CaptureFixture[str]) -> None:
    kept = Path("var/demo/mine")
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert run(["demo"]) == 2
    assert kept.exists()
    assert not (kept.parent / MARK).exists()
    assert "another folder" in capfd.readouterr().err
