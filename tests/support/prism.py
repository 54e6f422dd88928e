"""A contract proxy between a client and the sandbox: it turns every answer that breaks the description into a 500."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.shared import shared_folder
from tests.support.node import node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS = 60
LISTED = '"crm/companies"'
RECORDED: dict[str, tuple[str, ...]] = {"createdAt": ("url",), "fieldType": ("dataSensitivity",)}
"""A field of a model -> keys that recorded answers with this field have besides."""
MORE = ("crm/tickets", "crm/line_items", "crm/contacts", "crm/associations/v4/schema")
"""Parts of the client that the tool does not list but the tests use."""


def describe(folder: Path) -> Path:
    """Write the OpenAPI description derived from the vendor's own client, for every part of it used here."""
    source = (shared_folder() / "tools" / "hs_openapi_from_sdk.py").read_text(encoding="utf-8")
    assert LISTED in source
    wider = source.replace(LISTED, f"{LISTED}, {', '.join(map(repr, MORE))}")
    command = [sys.executable, "-", "--strict"]
    done = subprocess.run(command, input=wider.encode(), capture_output=True, check=True)
    described = json.loads(done.stdout)
    for name, schema in described["components"]["schemas"].items():
        _as_recorded(name, schema)
    for path, calls in described["paths"].items():
        for call in calls.values():
            _as_the_client_asks(path, call)
    path = folder / "hubspot.json"
    path.write_text(json.dumps(described), encoding="utf-8")
    return path


def _as_recorded(name: str, schema: dict[str, Any]) -> None:
    """Let keys pass that recorded answers have and the client's models lack (hubspot.md 5)."""
    known = schema["properties"].keys()
    for model, keys in RECORDED.items():
        if model in name or model in known:
            schema["properties"] |= {key: {} for key in keys}


def _as_the_client_asks(path: str, call: dict[str, Any]) -> None:
    """Let the client's own habits pass: it writes booleans as True and False, and asks OAuth without a token."""
    for parameter in call["parameters"]:
        if parameter["schema"].get("type") == "boolean":
            parameter["schema"] = {"type": "string"}
    if path.startswith("/oauth/"):
        call["security"] = []


@contextmanager
def proxied(url: str, description: Path) -> Iterator[str]:
    """Give the URL of a proxy that checks requests to `url` and its answers against the description."""
    port = _free_port()
    prism = node() / "node_modules" / ".bin" / "prism"
    log = description.with_suffix(".log")
    command = [str(prism), "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), str(description), url]
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            _await(log, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _await(log: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while b"Prism is listening" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
