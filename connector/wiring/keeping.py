"""Files kept beside a snapshot: what was worked out of it, together with everything it was worked out from.

A file is used for exactly what it says it was made of, and for nothing else; one that is absent, cut or altered is
as if it were not there. They go with their snapshot.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import connector
from connector.model.fields import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.ports import Snapshot

MOST = 4
"""Files of one kind beside one snapshot: those of the days and parameters that were worked out last."""
CODE = ("engine", "model", "rules")
"""The rooms whose code says what is worked out."""


@cache
def program() -> str:
    """This program: its version, and the size and age of every module that has a say."""
    digest = sha256(connector.__version__.encode())
    for name, size, age in sorted(_modules(Path(connector.__file__).parent)):
        digest.update(f"{name} {size} {age}\n".encode())
    return digest.hexdigest()


def _modules(package: Path) -> Iterator[tuple[str, int, int]]:
    for room in CODE:
        for folder in (package / room, *(entry for entry in (package / room).iterdir() if entry.is_dir())):
            for file in os.scandir(folder):
                if file.name.endswith(".py"):
                    about = file.stat()
                    yield f"{folder.name}/{file.name}", about.st_size, about.st_mtime_ns


def kept(snapshot: Snapshot, kind: str, made_of: str) -> bytes | None:
    """What was kept that was made of exactly this; None where there is nothing, or it is not whole."""
    with suppress(OSError, ValueError):
        about, digest, data = _place(snapshot, kind, made_of).read_bytes().split(b"\n", 2)
        if about == made_of.encode() and digest.decode() == sha256(data).hexdigest():
            return data
    return None


def keep(snapshot: Snapshot, kind: str, made_of: str, data: bytes) -> None:
    """Write a file whole or not at all; who may not write there works it out each time."""
    place = _place(snapshot, kind, made_of)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    with suppress(OSError):
        try:
            draft.write_bytes(made_of.encode() + b"\n" + sha256(data).hexdigest().encode() + b"\n" + data)
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
        newest = sorted(place.parent.glob(f"{kind}-*"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in newest[MOST:]:
            file.unlink(missing_ok=True)


def _place(snapshot: Snapshot, kind: str, made_of: str) -> Path:
    return snapshot.files[Table.ACCOUNTS][0].parent / f"{kind}-{sha256(made_of.encode()).hexdigest()[:16]}"
