"""Who may read and change a file; what nobody here decides is told apart: secrets that a container is given.

Source: proc(5), `/proc/self/mountinfo`; Docker gives a secret as a read-only bind of one file or on a tmpfs (0444),
Kubernetes on a read-only tmpfs (0644, behind links), a sidecar on a tmpfs of its own.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EVERYBODY = stat.S_IROTH | stat.S_IWOTH
GROUP = stat.S_IRGRP | stat.S_IWGRP
_MEMORY = frozenset({"tmpfs", "ramfs"})
_WITHOUT_RIGHTS = frozenset({"9p", "drvfs", "vfat", "exfat", "ntfs3", "fuseblk", "cifs", "smb3", "vboxsf"})
"""File systems on which chmod does nothing: a shared folder, a stick, a Windows disk."""
_SHARED = frozenset(f"/{name}" for name in ("", "tmp", "var/tmp", "dev", "dev/shm", "run", "run/lock", "var/run"))
"""In memory on many machines, and nobody's own."""


class Mount(NamedTuple):
    """Where a file system hangs, and of which kind it is."""

    point: str
    kind: str


def mode(path: Path) -> int:
    """Return the rights of a file, 0 where there is none."""
    return stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0


def open_to_all(path: Path, rights: int = EVERYBODY) -> bool:
    """Whether everybody on this machine has one of these rights, and somebody here can take it from them."""
    return bool(mode(path) & rights) and not decided_elsewhere(path)


def decided_elsewhere(path: Path, *, mounts: Sequence[Mount] | None = None) -> bool:
    """Whether the rights of a file come with the mount it lies on: there is nothing to chmod."""
    real = path.resolve()
    if os.statvfs(real).f_flag & os.ST_RDONLY:
        return True
    around = [m for m in (_mounts() if mounts is None else mounts) if real.is_relative_to(m.point)]
    if not around:
        return False
    own = max(around, key=lambda m: len(m.point))
    in_own_memory = own.kind in _MEMORY and own.point not in _SHARED
    return own.point == str(real) or own.kind in _WITHOUT_RIGHTS or in_own_memory


def _mounts() -> list[Mount]:
    """The mounts this process sees; none where the system does not tell."""
    try:
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return []
    return [read_mount(line) for line in text.splitlines()]


def read_mount(line: str) -> Mount:
    """Read one line of mountinfo, in which blanks of a path are written as octal numbers."""
    fields, _, rest = line.partition(" - ")
    point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields.split()[4])
    return Mount(point, rest.split()[0])


def refuse_open(secrets: Iterable[tuple[str, Path]]) -> None:
    """Raise UsageError that names which of these secrets, each with its key, lie open: somebody may have read them."""
    found = [(key, path) for key, path in secrets if open_to_all(path)]
    if not found:
        return
    paths = [*dict.fromkeys(path for _, path in found)]
    new, them = "new secrets" if len(found) > 1 else "a new secret", "them" if len(paths) > 1 else "it"
    raise UsageError(
        "\n".join(f"{key}: everybody on this machine may read or change {path}" for key, path in found),
        hint=f"{_mend(paths)}; ask for {new} if somebody else may have read {them}",
    )


def _mend(paths: Sequence[Path]) -> str:
    files, me = shlex.join(map(str, paths)), os.geteuid()
    if me == 0 or all(path.stat().st_uid == me for path in paths):
        return f"chmod 600 {files}"
    return f"as root: chown {me} {files} && chmod 600 {files}"
