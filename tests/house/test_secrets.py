"""A planted token turns up nowhere: not in what is printed, not in the state, not in a cassette."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from connector.cli.ending import run
from connector.sandbox import running

ROOT = Path(__file__).parents[2]
PLANTED = "pat-na1-planted/0123+4567=89"
FORMS = [PLANTED, quote(PLANTED, safe=""), base64.b64encode(PLANTED.encode()).decode()[:-4], "planted/0123"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("planted")
    with running(now=lambda: datetime.now(UTC), population=60) as sandbox:
        text = f"""
            [crm]
            kind = "hubspot"
            token = "env:PLANTED"
            base_url = "{sandbox.url}"
            [crm.admin]
            token = "file:token"
            [rules]
            directory = "{ROOT / "rules"}"
        """
        (folder / "settings.toml").write_text(text)
        (folder / "broken.toml").write_text(text.replace("http://127.0.0.1", "http://user.invalid"))
        (folder / "token").write_text(PLANTED)
        (folder / "token").chmod(0o600)
        yield folder


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setenv("PLANTED", PLANTED)


def assert_clean(what: str, text: str) -> None:
    for form in FORMS:
        assert form not in text, f"{what} holds the planted token as {form}"


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        ("doctor", {0, 1}),
        ("provision", {0}),
        ("plan --out plan.json", {0}),
        ("sync --yes", {0, 4}),
        ("sync --json", {0, 3, 4}),
        ("status --json", {0}),
        ("pull --set nope=1", {2}),
        ("pull --full --settings broken.toml", {1}),
    ],
)
def test_no_command_prints_a_secret(command: str, codes: set[int], capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["--verbose", *command.split()])
    out, err = capfd.readouterr()
    assert code in codes, err
    assert_clean(command, out + err)


def test_the_state_holds_no_secret(home: Path) -> None:
    assert run(["provision"]) == 0
    assert run(["sync", "--yes"]) in {0, 4}
    for path in home.rglob("*"):
        if path.is_file() and path.name != "token":
            assert_clean(str(path), path.read_bytes().decode("latin-1"))


def test_no_cassette_holds_a_token() -> None:
    for path in (ROOT / "cassettes").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert_clean(str(path), text)
        assert "Bearer pat-" not in text
