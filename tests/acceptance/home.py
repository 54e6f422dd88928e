"""A home to try one command after another in: settings, the shipped rules, and a small sandbox behind them."""

from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli.ending import run

TOKEN = "pat-na1-bad-input-test"


class Home:
    """A folder with settings, rules and a sandbox behind them, and what the commands said there."""

    def __init__(self, url: str, capfd: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self.capfd = capfd
        self.settings = Path("settings.toml")
        self.settings.write_text(
            f'[crm]\nkind = "hubspot"\ntoken = "env:TOKEN"\nbase_url = "{url}"\nretry_seconds = 2\n'
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self.capfd.readouterr()
        code = run(arguments)
        out, err = self.capfd.readouterr()
        assert "Traceback" not in err
        return code, out, err

    def edit(self, old: str, new: str) -> None:
        text = self.settings.read_text()
        assert old in text
        self.settings.write_text(text.replace(old, new))

    def fault(self, **rule: Any) -> None:
        assert requests.post(f"{self.url}/_sandbox/faults", json=rule, timeout=10).status_code == 201

    def writes(self) -> list[dict[str, Any]]:
        found = requests.get(f"{self.url}/_sandbox/journal?writes=true", timeout=10).json()["results"]
        return [entry for entry in found if "/batch/update" in entry["path"] or entry["method"] == "PATCH"]
