"""A PostgreSQL server of the tests' own, from Debian's packages: a fresh cluster, reached by a socket only."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.needs import lacking

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "listen_addresses="]
_USER = "tester"


def programs() -> Path:
    """The newest server's programs; skips where there is none, and fails there in CI."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    folders = [*([Path(on_path).resolve().parent] if on_path else []), *found]
    if folders and importlib.util.find_spec("psycopg"):
        return folders[-1]
    return lacking("PostgreSQL and psycopg")


@contextmanager
def server() -> Iterator[str]:
    """A running server; yields the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="tiersync-pg-"))
    owner = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if owner:
        os.chown(folder, pwd.getpwnam(owner).pw_uid, -1)
    bin_, data = programs(), folder / "data"
    quietly = partial(subprocess.Popen, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=owner)
    made = quietly([bin_ / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "-N"]).wait()
    assert made == 0, "PostgreSQL makes no database"
    process = quietly([bin_ / "postgres", "-D", data, "-k", folder, *_FAST])
    try:
        _wait(bin_ / "pg_isready", folder)
        yield str(folder)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(pg_isready: Path, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while subprocess.run([pg_isready, "-q", "-h", folder], check=False).returncode:
        assert time.monotonic() < deadline, "PostgreSQL does not start"
        time.sleep(0.05)


@contextmanager
def database(socket: str, name: str, *, encoding: str = "UTF8") -> Iterator[str]:
    """An empty database; yields its URL."""
    import psycopg  # noqa: PLC0415 - only where it is installed

    with psycopg.connect(host=socket, user=_USER, dbname="postgres", autocommit=True) as connection:
        made = f"create database \"{name}\" strategy file_copy encoding '{encoding}'"
        connection.execute(made if encoding == "UTF8" else f"{made} template template0 locale 'C'")
        yield f"postgresql+psycopg://{_USER}@/{name}?host={socket}"
        connection.execute(f'drop database "{name}" with (force)')
