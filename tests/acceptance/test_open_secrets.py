"""A secret that everybody on the machine may read stops every command before the CRM hears of it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.commands import TOKEN, Portal, sandbox, settings, tiersync
from tests.acceptance.companies import RULES

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (["doctor"], ["provision"], ["pull"], ["plan"], ["sync", "--yes"], ["run"])


@pytest.mark.parametrize("mode", [0o644, 0o666])
def test_no_command_uses_a_secret_that_lies_open_and_the_hint_mends_it(tmp_path: Path, mode: int) -> None:
    with sandbox("--companies", "5", "--limits", "off", cwd=tmp_path) as url:
        shutil.copytree(RULES, tmp_path / "rules")
        file = settings(tmp_path, url, more='[alerts]\nurls = ["file:alert"]\n')
        file.write_text(file.read_text().replace("env:HUBSPOT_TOKEN", "file:token"))
        for name, text in (("token", TOKEN), ("alert", "json://127.0.0.1:9/planted")):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(mode)
        before = len(Portal(url).journal())
        for command in COMMANDS:
            ended = tiersync(*command, cwd=tmp_path)
            assert ended.code == 2, (command, ended.stdout, ended.stderr)
            assert f": everybody on this machine may read or change {tmp_path}" in ended.stderr
            assert TOKEN not in ended.stderr
        assert len(Portal(url).journal()) == before

        told = tiersync("sync", "--json", cwd=tmp_path)
        assert told.code == 2
        message = told.json()["error"]["message"]
        assert [line.partition(":")[0] for line in message.splitlines()] == ["crm.token", "alerts.urls[0]"]
        command, _, advice = told.json()["error"]["hint"].partition("; ")
        assert "new secrets" in advice
        subprocess.run(["/bin/sh", "-c", command], check=True)
        assert tiersync("provision", cwd=tmp_path).code == 0
        assert tiersync("sync", "--yes", cwd=tmp_path).code == 0


def test_settings_that_everybody_may_change_send_no_token_anywhere(tmp_path: Path) -> None:
    shutil.copytree(RULES, tmp_path / "rules")
    file = settings(tmp_path, "http://127.0.0.1:9")
    file.chmod(0o666)
    ended = tiersync("doctor", cwd=tmp_path)
    assert ended.code == 2
    assert "settings.toml: everybody on this machine may change it" in ended.stderr
    assert "chmod go-w" in ended.stderr
