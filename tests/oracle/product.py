"""The product's own answers for a population: `evaluate`, in this process or as the command."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from connector.engine.tables.sources import in_folder
from connector.ports import EvaluationRequest
from connector.wiring import shipped, wire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.oracle.populations import Population

Answers = dict[str, dict[str, Any]]


def evaluated(folder: Path, case: Population) -> Answers:
    """What `evaluate` prints, by account, without a process of its own."""
    wiring = wire(None, as_of=case.as_of, overrides=case.parameters, needs_file=False)
    run = wiring.settings.run
    request = EvaluationRequest(in_folder(folder), case.as_of, run.time_zone, run.home_currency, case.language)
    evaluation = wiring.engine.evaluate(wiring.rules, request, lambda *_: None)
    try:
        return _by_account(evaluation.json_lines())
    finally:
        evaluation.close()


def commanded(folder: Path, case: Population) -> Answers:
    """The same from the real command, in the settings' language."""
    rules = shipped("rules")
    (folder / "settings.toml").write_text(
        f'[crm]\nkind = "files"\npath = "."\n[rules]\ndirectory = "{rules}"\n[run]\nlanguage = "{case.language}"\n'
    )
    told = [part for name, value in case.parameters.items() for part in ("--set", f"{name}={value}")]
    call = [sys.executable, "-m", "connector", "--settings", str(folder / "settings.toml"), "evaluate", "--data"]
    done = subprocess.run([*call, str(folder), "--as-of", str(case.as_of), *told], capture_output=True, check=False)
    assert done.returncode in {0, 4}, done.stderr.decode()
    return _by_account(done.stdout.decode().splitlines())


def _by_account(lines: Any) -> Answers:
    found = [json.loads(line) for line in lines]
    return {one["account_id"]: one for one in found}
