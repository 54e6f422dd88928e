"""Read settings.toml: every problem at once, each with its line and a near name, none with the value it found."""

from __future__ import annotations

import re
import shlex
import stat
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

from msgspec import Struct
from pydantic import BaseModel, ValidationError

from connector.errors import UsageError
from connector.model.meant import meant, near
from connector.settings import rights
from connector.settings.model import Files, HubSpot, Salesforce, Settings
from connector.settings.places import key_lines, line_of
from connector.settings.reference import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

KINDS: Mapping[str, type[BaseModel]] = {"hubspot": HubSpot, "salesforce": Salesforce, "files": Files}
SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!:memory:)([^?]+)(.*)")
HINT = "`tiersync docs settings` prints every section and key"


class Loaded(Struct, frozen=True):
    """Settings and where they came from: relative paths count from `folder`; no file, all defaults."""

    settings: Settings
    folder: Path
    file: Path | None

    def path(self, text: str) -> Path:
        """Return a path of the settings as it is meant: relative to the settings file."""
        return self.folder / text

    @property
    def mirror(self) -> Path:
        """Where pulled records are kept."""
        return self.path(self.settings.state.mirror)

    def database_url(self, url: str) -> str:
        """Return a database address with a relative SQLite file made relative to the settings file."""
        found = SQLITE.fullmatch(url)
        return f"{found[1]}{self.path(found[2]).absolute()}{found[3]}" if found else url

    def state_folder(self, url: str) -> Path:
        """Return the folder of an SQLite database; for a database elsewhere the one that the mirror lies in.

        Not that of the settings, which may be mounted read-only.
        """
        found = SQLITE.fullmatch(url)
        return (self.path(found[2]) if found else self.mirror).absolute().parent


def load(file: Path) -> Loaded:
    """Read and check one settings file; raises UsageError that lists every problem with file and line."""
    text = _text(file)
    if rights.open_to_all(file, stat.S_IWOTH):
        raise UsageError(
            f"{file}: everybody on this machine may change it, and it says where the CRM's token is sent",
            hint=f"look whether somebody did, then: chmod go-w {shlex.quote(str(file))}",
        )
    raw = _parsed(text, file)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise UsageError("\n".join(_problems(error, raw, text, file)), hint=HINT) from None
    return Loaded(settings, file.absolute().parent, file)


def defaults(folder: Path) -> Loaded:
    """Return the settings of no file at all, for commands that need none."""
    return Loaded(Settings(), folder.absolute(), None)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            f"{file}: no such settings file",
            hint="`tiersync init` writes one; --settings or TIERSYNC_SETTINGS names it",
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(f"{file}:{line}: this is not UTF-8 text", hint="save the file as UTF-8") from None
    except OSError as error:
        hint = "check the path and who may read it"
        raise UsageError(f"{file}: cannot be read: {error.strerror}", hint=hint) from None


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", said)
        line, column = (place[1], place[2]) if place and place[1] else (str(len(text.splitlines()) or 1), "1")
        what = said[: place.start()] if place else "not TOML"
        hint = "this is not TOML; a text value needs quotes, a table is [name], a key stands once"
        raise UsageError(f"{file}:{line}:{column}: {what}", hint=hint) from None


def _problems(error: ValidationError, raw: dict[str, Any], text: str, file: Path) -> list[str]:
    lines = key_lines(text)
    found: list[tuple[int, str]] = []
    for detail in error.errors(include_url=False, include_input=False, include_context=True):
        path = _path(detail, raw)
        line = line_of(path, lines)
        place = f"{file}:{line}" if line else str(file)
        found.append((line or 0, f"{place}: {_dotted(path)}: {_said(detail, path)}"))
    return [text for _, text in sorted(found)]


def _path(detail: ErrorDetails, raw: dict[str, Any]) -> tuple[str, ...]:
    """Drop what pydantic adds to a location: the kind of CRM, and that a key itself is meant."""
    parts = [str(part) for part in detail["loc"] if part != "[key]"]
    if parts[:1] == ["crm"] and isinstance(raw.get("crm"), dict) and parts[1:2] == [raw["crm"].get("kind")]:
        del parts[1]
    return tuple(parts)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _said(detail: ErrorDetails, path: tuple[str, ...]) -> str:
    """Return the problem in our words; the input value stays out."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(detail, path)
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return "kind must be one of " + ", ".join(f'"{name}"' for name in KINDS)
    if kind in {"model_attributes_type", "model_type", "dict_type"}:
        return f"must be a table, written as [{_dotted(path)}]"
    if kind == "missing" and "login" not in context:
        return "missing"
    if kind == "string_type":
        return TEXT
    if kind == "list_type":
        return 'must be a list, written as ["…"]'
    return detail["msg"].replace("Input should be ", "must be ")


def _unknown(detail: ErrorDetails, path: tuple[str, ...]) -> str:
    *around, key = [str(part) for part in detail["loc"]]
    if like := near(key, _keys_of(_model_at(around))):
        return f"unknown key; {like}"
    kinds = [kind for kind, model in KINDS.items() if path == ("crm", path[-1]) and path[-1] in model.model_fields]
    if kinds:
        return f'not a key of this kind of CRM, but of kind = "{kinds[0]}"'
    elsewhere = [place for place in all_keys() if place.rpartition(".")[2] == path[-1] and "." in place]
    return f"unknown key; {meant(elsewhere[0])}" if elsewhere else "unknown key"


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    return sorted(model.model_fields) if model else []


def _model_at(path: list[str]) -> type[BaseModel] | None:
    """Return the section model at a pydantic location."""
    model: type[BaseModel] | None = Settings
    for part in path:
        if model is Settings and part == "crm":
            continue
        if part in KINDS and "crm" in path:
            model = KINDS[part]
        elif model is not None and part in model.model_fields:
            model = _section(model.model_fields[part].annotation)
    return model


def _section(annotation: object) -> type[BaseModel] | None:
    """Return the section a field holds: itself, an optional one, or the values of a table of tables."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


def all_keys() -> list[str]:
    """Return every key of the tree by its dotted path, `crm` keys of all kinds together, `tables.NAME.…`."""
    crm = {f"crm.{key}" for model in KINDS.values() for key in _walk(model)}
    return sorted(crm | {key for key in _walk(Settings) if not key.startswith("crm")})


def _walk(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        inner = "NAME." if name == "tables" else ""
        if section is None:
            yield name
        elif not (model is Settings and name == "crm"):
            yield from (f"{name}.{inner}{key}" for key in _walk(section))
