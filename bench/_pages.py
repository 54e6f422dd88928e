"""Which pages a pull read, as the sandbox saw it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.acceptance.commands import Portal

if TYPE_CHECKING:
    from pathlib import Path


def asked(folder: Path, url: str, *, since: int = 0) -> str:
    """Write the properties that were asked for last, per kind, for the plain loop to read the same pages; its file.

    `since` leaves out the calls before that one.
    """
    found: dict[str, str] = {}
    for call in Portal(url).journal()[since:]:
        if call["method"] == "GET" and "/objects/" in call["path"]:
            found[call["path"].rpartition("/")[2]] = parse_qs(call["query"])["properties"][0]
    file = folder / "asked.json"
    file.write_text(json.dumps(found), encoding="utf-8")
    return str(file)
