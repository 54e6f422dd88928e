"""Tokens the CRM hands out in place of the one in the settings: kept where the next process finds them.

In the journal, encrypted under `[state] secret_key`; without a key, written back to a writable `file:`
reference, else to `credentials.json` beside the database, readable by its owner only. A kept token counts only
as long as the reference holds what it replaced: a new token given by a person always wins.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from connector.errors import StopRun, UsageError
from connector.model.secrets import Secret
from connector.settings import rights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CREDENTIALS = "credentials.json"


class Memory(Protocol):
    """The part of the journal that keeps small named facts."""

    def remember(self, key: str, value: str | None) -> None:
        """Keep it."""

    def recall(self, key: str) -> str | None:
        """Find it again."""


class Place(Protocol):
    """Where a token is kept between processes."""

    def load(self) -> Secret | None:
        """The token that replaced the settings' one, if any."""

    def keep(self, token: Secret) -> None:
        """Keep this one from now on; raises StopRun when it cannot be kept: it would be lost with this process."""


class Box(Protocol):
    """Locks and unlocks bytes with a key it keeps to itself; cryptography's Fernet is one."""

    def encrypt(self, data: bytes) -> bytes:
        """Lock."""

    def decrypt(self, token: bytes) -> bytes:
        """Unlock; raises when it was locked with another key."""


class Encrypted(Struct, frozen=True):
    """In the journal, under a key that is not in it."""

    memory: Memory
    name: str
    given: Secret
    box: Box

    def load(self) -> Secret | None:
        """Raises UsageError when it was kept under another key."""
        replaced, _, sealed = (self.memory.recall(self.name) or "").partition(" ")
        if replaced != _fingerprint(self.given):
            return None
        try:
            return Secret(self.box.decrypt(sealed.encode()).decode())
        except Exception:  # noqa: BLE001 - whatever a box raises, it did not open
            raise UsageError(
                "the kept token cannot be decrypted with this [state] secret_key",
                hint="give the key it was kept under, or put a new token where the settings point",
            ) from None

    def keep(self, token: Secret) -> None:
        """Encrypt and remember."""
        sealed = self.box.encrypt(token.reveal().encode()).decode()
        self.memory.remember(self.name, f"{_fingerprint(self.given)} {sealed}")


class WrittenBack(Struct, frozen=True):
    """In the very file the settings point at, which holds nothing else."""

    file: Path

    def load(self) -> Secret | None:
        """Nothing: the reference itself leads to it."""
        return None

    def keep(self, token: Secret) -> None:
        """Replace the file at once."""
        _replace(self.file, token.reveal() + "\n")


class Beside(Struct, frozen=True):
    """In a file beside the database, readable by its owner only."""

    file: Path
    name: str
    given: Secret

    def load(self) -> Secret | None:
        """Raises UsageError when the file is not what was written, or lies open."""
        kept = self._all().get(self.name, {})
        return Secret(kept["token"]) if kept.get("replaced") == _fingerprint(self.given) else None

    def keep(self, token: Secret) -> None:
        """Write it into the file, beside those of other CRMs."""
        entry = {"replaced": _fingerprint(self.given), "token": token.reveal()}
        _replace(self.file, json.dumps(self._all() | {self.name: entry}, indent=1))

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            rights.refuse_open([(self.name, self.file)])
            kept: dict[str, dict[str, str]] = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            raise UsageError(
                f"{self.file} is damaged", hint="remove it, and put a new token where the settings point"
            ) from None
        return kept


def _fingerprint(secret: Secret) -> str:
    return hashlib.sha256(b"tiersync" + secret.reveal().encode()).hexdigest()[:16]


def _replace(file: Path, text: str) -> None:
    draft = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)  # `provision` may be the first command, with no database yet
        draft.unlink(missing_ok=True)  # what lies there may be open, or lead elsewhere; chmod does not work everywhere
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except OSError as error:
        raise StopRun(
            f"the new token cannot be kept in {file}: {error.strerror}", hint="make the folder writable"
        ) from None


def keeper(place: Place, learn: Callable[[Secret], None]) -> Callable[[str], None]:
    """Return what a CRM calls with a token it was handed: kept, and masked from then on."""

    def keep(token: str) -> None:
        secret = Secret(token)
        learn(secret)
        place.keep(secret)

    return keep
