"""The README's commands work as they stand, in their order, against a HubSpot that listens on this machine."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.cli.ending import run
from connector.sandbox import running

ROOT = Path(__file__).parents[2]
BY_CI = {"make demo", "make test"}
"""What .ci/run runs itself; running them from a test would never end."""
BY_MAKE = {"pip install ."}
"""What the environment of make is: this package, installed."""


def commands() -> Iterator[str]:
    for block in re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            command = line.partition("  #")[0].split("   ")[0].strip()
            if command:
                yield command


def test_the_two_commands_are_those_of_ci() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(commands()) >= BY_CI
    for command in BY_CI:
        assert re.search(rf"^{command}", ci, flags=re.MULTILINE)
        assert command.split()[1] in targets


def test_make_says_at_once_when_the_python_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text(f"""#!/bin/sh
exec {sys.executable} - "$2" <<'END'
import sys
sys.version_info = (3, 9, 18, "final", 0)
exec(sys.argv[1])
END
""")
    old.chmod(0o755)
    command = ["make", "demo", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode
    assert "this is Python 3.9, and tiersync needs 3.11 or newer" in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_the_first_steps_work_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with running(now=lambda: datetime.now(UTC), population=120) as sandbox:
        for command in commands():
            if command in BY_CI | BY_MAKE:
                continue
            if found := re.fullmatch(r"mkdir (\w+) && cd \1", command):
                Path(found[1]).mkdir()
                monkeypatch.chdir(found[1])
            elif command.startswith("export HUBSPOT_TOKEN="):
                monkeypatch.setenv("HUBSPOT_TOKEN", "pat-na1-for-the-readme-test")
            else:
                name, *arguments = shlex.split(command)
                assert name == "tiersync", f"nobody runs this line of the README: {command}"
                assert run(arguments) == 0, f"{command}\n{capfd.readouterr()}"
                _point_at(sandbox.url, Path("settings.toml"))
    assert Path("var/report").is_dir()


def _point_at(url: str, settings: Path) -> None:
    text = settings.read_text(encoding="utf-8")
    if "base_url" not in text:
        settings.write_text(
            text.replace('kind = "hubspot"\n', f'kind = "hubspot"\nbase_url = "{url}"\n', 1), encoding="utf-8"
        )


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md")), ids=str)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in targets if not (ROOT / page.parent / link).exists()] == []
