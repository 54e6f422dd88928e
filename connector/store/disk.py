"""Folders and files as the mirror needs them: on disk before they are named, owned, and recognised again."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from connector.errors import StopRun
from connector.store.processes import Process, is_alive, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = "owner.json"
"""In a folder that is being filled: the process that fills it."""
_TAIL = 8
"""A Parquet file ends with the footer's length (4 bytes, little endian) and the magic."""
_MAGIC = b"PAR1"


@contextmanager
def errors_in_our_words(folder: Path) -> Iterator[None]:
    """A disk that is full or broken stops the run; what was committed before stays as it was."""
    try:
        yield
    except OSError as error:
        raise StopRun(
            f"cannot write the mirror in {folder}: {error.strerror or error}",
            hint="free disk space or repair the disk; the snapshot before this one is whole",
            code="MIRROR",
        ) from error


def make_owned(folder: Path) -> None:
    """Make a folder that says which process fills it."""
    folder.mkdir(mode=0o700)
    (folder / OWNER).write_text(json.dumps(asdict(this_process())))


def owner_is_dead(folder: Path) -> bool:
    """Whether nobody can still be filling the folder.

    False when its process lives, or is on another machine and cannot be seen from here.
    """
    owner = _owner(folder)
    return owner is None or is_alive(owner) is False


def owned_by_this_process(folder: Path) -> bool:
    """Whether the process that asks made the folder."""
    return _owner(folder) == this_process()


def _owner(folder: Path) -> Process | None:
    """None when it was killed before it could say who it is, or has finished."""
    try:
        return Process(**json.loads((folder / OWNER).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def sync_folder(folder: Path) -> None:
    """Have the folder's entries on disk: a file's own fsync does not cover its name (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fingerprint(path: Path) -> str:
    """A digest of the file's footer: its columns, row counts, offsets and statistics.

    Empty when the file does not end as a Parquet file does. Raises OSError when it is not there.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _TAIL, 0))
        tail = file.read(_TAIL)
        length = int.from_bytes(tail[:4], "little") + _TAIL
        if tail[4:] != _MAGIC or length > size:
            return ""
        file.seek(size - length)
        return hashlib.sha256(file.read(length)).hexdigest()[:32]
