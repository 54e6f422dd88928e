"""Who reads Dutch is spoken to in Dutch, and who reads English in English."""

from pathlib import Path

import pytest

from tests.acceptance.commands import ended

RULES = Path(__file__).parents[2] / "rules"


def settings(folder: Path, language: str | None) -> Path:
    """A settings file of this language; without one the rules, which are Dutch, say it."""
    told = f'[run]\nlanguage = "{language}"' if language else ""
    path = folder / "settings.toml"
    path.write_text(f'[crm]\nkind = "files"\npath = "{folder}"\n[rules]\ndirectory = "{RULES}"\n{told}\n', "utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("language", "hint"),
    [
        ("en", "decimals are written with a point: 80.5"),
        ("nl", "decimalen worden met een punt geschreven: 80.5"),
        (None, "decimalen worden met een punt geschreven: 80.5"),
    ],
)
def test_a_comma_in_a_parameter_is_told_with_how_it_is_written(
    language: str | None, hint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ("rules", "check", "--set", "icp.ideal_min=80,5", "--settings", str(settings(tmp_path, language)))
    error = "parameter 'icp.ideal_min': '80,5' is not a number"
    assert ended(capfd, *asked, code=2).stderr == f"error: {error}\n  hint: {hint}\n"
    assert ended(capfd, *asked, "--json", code=2).json()["error"]["hint"] == "decimals are written with a point: 80.5"
    assert ended(capfd, *asked[:3], "icp.ideal_min=80.5", *asked[4:], code=0).stderr == ""


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("icp.ideal_min=veel", "schrijf een getal zoals 80"),
        ("icp.ideal_min=-3", "schrijf een getal van 0 tot en met 100"),
        ("say_no.transactional_policy=nooit", "`tiersync rules docs` vertelt wat ze betekenen"),
    ],
)
def test_a_parameter_that_cannot_be_is_told_with_what_can(
    change: str, hint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = ended(capfd, "rules", "check", "--set", change, "--settings", str(settings(tmp_path, "nl")), code=2)
    assert found.stderr.splitlines()[-1] == f"  hint: {hint}"
