"""The changelog is made of fragments that its tool can read."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_fragments_are_named_so_that_they_are_found() -> None:
    names = [path.name for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    wrong = [
        name
        for name in names
        if not re.fullmatch(r"(\d+|\+[a-z0-9-]+)\.(added|changed|fixed|removed)(\.\d+)?\.md", name)
    ]
    assert wrong == []


def test_no_fragment_carries_the_marks_of_a_merge() -> None:
    marked = [
        path.name for path in (ROOT / "changes").iterdir() if re.search(r"^[<=>]{7}", path.read_text(), re.MULTILINE)
    ]
    assert marked == []


def test_the_changelog_can_be_made() -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "0.0.0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "No significant changes" not in done.stdout
