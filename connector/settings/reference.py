"""References to values kept elsewhere (`env:NAME`, `file:PATH`) and the checks on literals that could hold a secret."""

from __future__ import annotations

import re
from typing import Annotated, Literal, LiteralString
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

BY_REFERENCE = 'a secret is given by reference only, as "env:NAME" or "file:PATH", never as text in the file'
TEXT = "must be text, in quotes"
PLAIN_WEB = frozenset({"http", "https", "json", "jsons", "xml", "xmls", "form", "forms"})
"""Alert services whose address by itself opens nothing."""


class Reference(Struct, frozen=True):
    """Where a value is kept; `name` is an environment variable or a path relative to the settings file."""

    kind: Literal["env", "file"]
    name: str

    def __str__(self) -> str:
        """Write it the way the settings file does."""
        return f"{self.kind}:{self.name}"


def _referred(value: str) -> Reference | None:
    kind, colon, name = value.partition(":")
    if not colon or kind not in {"env", "file"}:
        return None
    if kind == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise PydanticCustomError("reference", "env: must be followed by the name of an environment variable")
    if not name:
        raise PydanticCustomError("reference", "file: must be followed by a path")
    return Reference("env" if kind == "env" else "file", name)


def _only_reference(value: object) -> object:
    if isinstance(value, Reference):
        return value
    found = _referred(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("secret_by_reference", BY_REFERENCE)
    return found


def _reference_or_text(value: object) -> object:
    if isinstance(value, str):
        return _referred(value) or value
    if not isinstance(value, Reference):
        raise PydanticCustomError("text", TEXT)
    return value


def _reference_or_url(value: object) -> object:
    found = _reference_or_text(value)
    if isinstance(found, str) and _has_password(found):
        raise PydanticCustomError("secret_by_reference", "this address holds a password: " + BY_REFERENCE)
    return found


def _reference_or_alert_url(value: object) -> object:
    found = _reference_or_url(value)
    if isinstance(found, str) and found.partition("://")[0].lower() not in PLAIN_WEB:
        raise PydanticCustomError("secret_by_reference", "an alert address holds its key: " + BY_REFERENCE)
    return found


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:
        return True


def shaped(pattern: str, like: LiteralString) -> AfterValidator:
    """Check a text; `like` tells people how it is written, as they do not read patterns."""

    def checked(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError("shape", like)
        return text

    return AfterValidator(checked)


SecretReference = Annotated[Reference, BeforeValidator(_only_reference)]
"""A secret: a reference, never text."""
Text = Annotated[Reference | str, BeforeValidator(_reference_or_text)]
"""Text that is no secret by itself, or a reference to it."""
Url = Annotated[Reference | str, BeforeValidator(_reference_or_url)]
"""An address without a password, or a reference to one that may have it."""
AlertUrl = Annotated[Reference | str, BeforeValidator(_reference_or_alert_url)]
"""Where alerts go, in apprise's words; services whose address is a key are given by reference."""
