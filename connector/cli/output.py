"""What a call prints: one JSON document on stdout, or text; errors as one block on stderr."""

import sys
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from msgspec import Struct
from msgspec.structs import asdict

if TYPE_CHECKING:
    from connector.model.texts import Texts


def _plain(value: object) -> Any:
    if isinstance(value, Struct):
        return asdict(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON answer")


def print_document(document: object, *, last: Iterable[bytes] = ()) -> None:
    """Print one JSON document and a newline on stdout, keys in their given order.

    Where the document ends with an empty list, `last` is what stands in it, as JSON in pieces.
    """
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS  # words of an enum are keys too
    head, brackets, tail = orjson.dumps(document, default=_plain, option=options).rpartition(b"[]")
    for piece in (head, brackets[:1], *last, brackets[1:], tail):
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()


def print_error(message: str, *, hint: str = "") -> None:
    """Print one clear block on stderr; lines that begin with a file and line stay as they are."""
    from connector.model.texts import one_line

    first, *rest = [one_line(line) for line in message.splitlines()] or [""]
    if not _has_place(first):
        first = typer.style("error: ", fg="red", bold=True) + first
    for line in [first, *rest]:
        typer.echo(line, err=True)
    if hint:
        typer.echo(typer.style("  hint: ", fg="cyan") + hint.replace("\n", "\n        "), err=True)


def say(text: str) -> None:
    """Print one line of progress or advice on stderr."""
    typer.echo(text, err=True)


def table_line(name: str, counts: Mapping[str, int], texts: "Texts") -> str:
    """Tell in one line what became of the rows of a table beside the CRM."""
    told = {word: texts.number(counts[word]) for word in ("rows", "matched", "unmatched", "ambiguous", "accounts")}
    line = texts.say("beside", table=f"tables.{name}", **told)
    keyless = counts["accounts_without_key"]
    line += texts.say("beside.keyless", n=texts.number(keyless)) if keyless else ""
    return line + (texts.say("beside.too_old") if counts["too_old"] else "")


def _has_place(line: str) -> bool:
    match line.split(":", 2):  # FILE:LINE: text
        case [_, place, _]:
            return place.isdigit()
    return False
