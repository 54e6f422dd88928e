"""The rule files of a folder, read as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000
"""A rule file that is larger is a mistake."""


def contents(directory: Path) -> dict[str, bytes]:
    """What every `*.yaml` and `*.yml` of a folder holds, by path; UsageError without any, and for what is no file."""
    files = sorted(path for path in directory.glob("*.y*ml") if path.suffix in {".yaml", ".yml"})
    if not files:
        raise UsageError(f"no rule files in {directory}", hint="[rules] directory names a folder with *.yaml files")
    return {str(path): _content(path) for path in files}


def _content(path: Path) -> bytes:
    """What a rule file holds, as far as one may be long: a device or a pipe never ends, and is none."""
    if not path.is_file():
        raise UsageError(f"{path} is no file", hint="[rules] directory holds rule files and what they link to")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)
