"""`tiersync rules check`: a writer of rules is told which values people would read under an internal name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connector.cli.ending import run
from tests.shared import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OWN = """version: 1
fields:
  open_amount: {from: account.open_invoice_amount}
values:
  owed_now: {is: open_amount * 2LABEL}
signals:
  OWES: {on: owed_now > 500, label: {en: Owes, nl: Schuldig}}
outputs:
  seg_explanation: {type: long_text, label: {en: Explanation, nl: Toelichting}, say: [explanation]}
"""


def test_a_value_told_by_its_internal_name_is_a_notice_and_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN.replace("LABEL", ""))
    assert run(["rules", "check", str(tmp_path)]) == 0
    good, notice = capsys.readouterr().out.splitlines()
    assert good.startswith("1 rule file is good: ")
    assert notice == f"{file}:5:3: explanations tell 'owed_now' by this name: give it a label"
    assert run(["rules", "check", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["unlabelled"] == [{"name": "owed_now", "file": str(file), "line": 5, "column": 3}]


def test_a_labelled_value_is_told_of_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.yaml").write_text(OWN.replace("LABEL", ", label: {en: owed, nl: schuld}"))
    assert run(["rules", "check", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_rules_that_come_with_tiersync_get_no_notice(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "check", str(ROOT / "rules"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unlabelled"] == []
