"""References of the settings, resolved late: what they hold is secret and masked from then on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.model.secrets import Scrubber, Secret
from connector.settings import rights
from connector.settings.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Vault:
    """Resolves references against one environment and folder; `scrub` masks what was resolved."""

    def __init__(self, *, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self.scrub = Scrubber()

    def secret(self, reference: Reference, *, key: str) -> Secret:
        """Resolve a reference; raises UsageError naming `key` when it leads nowhere, or to an open file."""
        secret = Secret(self._read(reference, key))
        self.scrub.add(secret, name=key)  # by name: what a file holds may change with every run
        return secret

    def text(self, value: Reference | str, *, key: str) -> str:
        """Resolve a value that may be a reference; what a reference holds counts as secret."""
        return self.secret(value, key=key).reveal() if isinstance(value, Reference) else value

    def path(self, reference: Reference) -> Path:
        """Where a `file:` reference points."""
        return self._folder / reference.name

    def writable(self, reference: Reference) -> bool:
        """Whether the file a secret is kept in may be replaced."""
        return reference.kind == "file" and os.access(self.path(reference).parent, os.W_OK)

    def readable_by_others(self, reference: Reference) -> bool:
        """Whether people besides the owner may read the file a secret is kept in."""
        return reference.kind == "file" and bool(rights.mode(self.path(reference)) & (rights.GROUP | rights.EVERYBODY))

    def _read(self, reference: Reference, key: str) -> str:
        if reference.kind == "env":
            text = self._environ.get(reference.name, "")
            hint = f"export {reference.name}=… in the shell that starts tiersync"
        else:
            rights.refuse_open([(key, self.path(reference))])
            text = _file_text(self.path(reference), key)
            hint = f"write the secret into {self.path(reference)}"
        if not text.strip():
            raise UsageError(f"{key}: {reference} is not set or empty", hint=hint)
        return text


def _file_text(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"{key}: cannot read {path}: {why}", hint="check the path and who may read it") from None
