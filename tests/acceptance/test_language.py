"""Who reads Dutch is spoken to in Dutch, and who reads English in English."""

from pathlib import Path

import pytest
import requests

from tests.acceptance.commands import ended
from tests.acceptance.home import Home

RULES = Path(__file__).parents[2] / "rules"


def settings(folder: Path, language: str | None) -> Path:
    """A settings file of this language; without one the rules, which are Dutch, say it."""
    told = f'[run]\nlanguage = "{language}"' if language else ""
    path = folder / "settings.toml"
    path.write_text(f'[crm]\nkind = "files"\npath = "{folder}"\n[rules]\ndirectory = "{RULES}"\n{told}\n', "utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("language", "error", "hint"),
    [
        ("en", "is not a number", "decimals are written with a point: 80.5"),
        ("nl", "is geen getal", "decimalen worden met een punt geschreven: 80.5"),
        (None, "is geen getal", "decimalen worden met een punt geschreven: 80.5"),
    ],
)
def test_a_comma_in_a_parameter_is_told_with_how_it_is_written(
    language: str | None, error: str, hint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ("rules", "check", "--set", "icp.ideal_min=80,5", "--settings", str(settings(tmp_path, language)))
    told = f"error: parameter 'icp.ideal_min': '80,5' {error}\n  hint: {hint}\n"
    assert ended(capfd, *asked, code=2).stderr == told
    document = ended(capfd, *asked, "--json", code=2).json()["error"]
    assert document["message"] == "parameter 'icp.ideal_min': '80,5' is not a number"
    assert document["hint"] == "decimals are written with a point: 80.5"
    assert ended(capfd, *asked[:3], "icp.ideal_min=80.5", *asked[4:], code=0).stderr == ""


def bad_cells(folder: Path, rows: int) -> Path:
    """Files in which every account has a number that is none."""
    folder.mkdir()
    lines = "".join(f'A{number},"12,5"\n' for number in range(rows))
    (folder / "accounts.csv").write_text(f"account_id,employees\n{lines}", "utf-8")
    (folder / "deals.csv").write_text("deal_id,account_id,is_won,amount,close_date\n", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [
        ("en", "accounts.csv row 2 (account_id A0), column employees: '12,5' is not a number", "and 5 more"),
        ("nl", "accounts.csv rij 2 (account_id A0), kolom employees: '12,5' is geen getal", "en nog 5"),
    ],
)
def test_cells_that_cannot_be_read_are_told_in_the_language_of_the_settings(
    language: str, first: str, last: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = (
        "evaluate",
        "--data",
        str(bad_cells(tmp_path / "data", 25)),
        "--settings",
        str(settings(tmp_path, language)),
    )
    told = ended(capfd, *asked, code=4).stderr.splitlines()
    assert (told[-21], told[-1]) == (first, last)


def test_every_cell_beyond_those_that_are_listed_is_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    asked = ("evaluate", "--data", str(bad_cells(tmp_path / "data", 1030)), "--settings", str(settings(tmp_path, "nl")))
    assert ended(capfd, *asked, code=4).stderr.splitlines()[-1] == "en nog 1.010"


def test_the_rule_files_are_looked_at_and_tried_in_dutch(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = ("--settings", str(settings(tmp_path, "nl")))
    checked = ended(capfd, "rules", "check", *told, code=0).stdout
    assert checked.startswith("13 regelbestanden zijn goed: ")
    assert checked.endswith(" voorbeelden\n")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "one.yaml").write_text(
        "version: 1\nfields:\n  size: {from: account.employees, type: number}\n"
        "examples:\n  - {name: te groot, given: {account: {employees: 3}}, expect: {size: 4}}\n",
        "utf-8",
    )
    tried = ended(capfd, "rules", "test", str(mine), *told, code=1)
    assert tried.stdout == "0 van 1 voorbeeld komt uit\n"
    assert tried.stderr == f"{mine}/one.yaml:5: voorbeeld 'te groot': A.size is 3, verwacht was 4\n"


@pytest.mark.parametrize(
    ("language", "asked", "heads"),
    [
        ("nl", (), ["| naam | standaard | van kracht | betekenis |", "## Namen", "## Uitkomsten", "| als | dan |"]),
        (None, (), ["| naam | standaard | van kracht | betekenis |", "niet ingesteld", "Zinnen van `seg_reason`"]),
        ("nl", ("--language", "en"), ["| name | default | in force | meaning |", "## Names", "## Outputs", "not set"]),
        ("en", (), ["| when | then |", "| otherwise | ", "Sentences of `seg_reason`, in order:"]),
    ],
)
def test_the_pages_of_the_rules_are_in_one_language(
    language: str | None,
    asked: tuple[str, ...],
    heads: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    page = ended(capfd, "rules", "docs", *asked, "--settings", str(settings(tmp_path, language)), code=0).stdout
    assert [head for head in heads if head not in page] == []
    others = ("| otherwise |", "## Names", "over everybody") if "## Namen" in page else ("| anders |", "## Namen")
    assert [head for head in others if head in page] == []


def test_what_provisioning_makes_is_told_in_dutch(home: Home) -> None:
    home.edit("retry_seconds = 2", 'retry_seconds = 2\n[run]\nlanguage = "nl"')
    *steps, last = home.run("provision", "--dry-run")[1].splitlines()
    assert last == f"{len(steps)} te maken"
    assert {line.split()[0] for line in steps} == {"maken"}
    assert home.run("provision")[1].splitlines()[-1] == f"{len(steps)} gemaakt"
    assert home.run("provision")[1] == f"{len(steps)} al aanwezig\n"


def test_what_a_pull_leaves_out_is_told_in_dutch(home: Home) -> None:
    assert requests.post(f"{home.url}/_sandbox/account", json={"currency": "USD"}, timeout=10).ok
    told = "HubSpot rekent bedragen om naar USD, wij tellen in EUR: die omrekening blijft ongebruikt"
    assert home.run("provision")[0] == 0
    assert f"HOME_CURRENCY_DIFFERS: {told}\n" in home.run("plan")[2]
    fix = "oplossing: verbeter [run] home_currency als het bedrijf in de andere valuta rekent"
    assert f"{told}\n       {fix}\n" in home.run("doctor")[1]


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("icp.ideal_min=veel", "schrijf een getal zoals 80"),
        ("icp.ideal_min=-3", "schrijf een getal van 0 tot en met 100"),
        ("say_no.transactional_policy=nooit", "`tiersync rules docs` vertelt wat ze betekenen"),
        ("icp.ideal_mim=80", "bedoelde je 'icp.ideal_min'?"),
        ("wholly.other=80", "`tiersync rules docs` noemt ze"),
    ],
)
def test_a_parameter_that_cannot_be_is_told_with_what_can(
    change: str, hint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = ended(capfd, "rules", "check", "--set", change, "--settings", str(settings(tmp_path, "nl")), code=2)
    assert found.stderr.splitlines()[-1] == f"  hint: {hint}"


def test_an_error_in_english_has_its_hint_in_english_in_a_dutch_run_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = settings(tmp_path, "nl")
    file.write_text(file.read_text("utf-8") + '[fields]\npain_fitt = "x"\n', "utf-8")
    lines = ended(capfd, "doctor", "--settings", str(file), code=2).stderr.splitlines()
    assert lines[-1] == "  hint: did you mean 'pain_fit'?", lines
