"""A request as the handlers see it: path already canonical, query and body read with the vendor's leniency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from connector.sandbox.calls import Call
from connector.sandbox.hubspot.answers import invalid
from connector.sandbox.hubspot.shapes import Shape, conform


@dataclass(slots=True)
class Request(Call):
    """One call; `version` is the version segment of its path (v3, v4, 2026-09)."""

    version: str = "v3"

    def names(self, name: str) -> tuple[str, ...]:
        """Read a list parameter: comma-joined, repeated, or both (hubspot.md 5.1)."""
        return tuple(part for value in self.query.get(name, ()) for part in value.split(",") if part)

    def limit(self, *, default: int, most: int) -> int:
        """Read `limit`, refusing what is no number or above the vendor's maximum."""
        text = self.first("limit", str(default))
        if not text.isdigit():
            raise invalid(f"Invalid integer passed to limit: {text}")
        return bounded(int(text), most=most)

    def json(self, shape: Shape) -> dict[str, Any]:
        """Read the body as a JSON object of a shape."""
        content = self._parsed()
        if not isinstance(content, dict):
            raise invalid("Invalid input JSON on line 1, column 1: an object was expected")
        conform(content, shape, "body")
        return content

    def json_list(self, shape: Shape) -> list[dict[str, Any]]:
        """Read the body as a JSON list of a shape."""
        content = self._parsed()
        if not isinstance(content, list):
            raise invalid("Invalid input JSON on line 1, column 1: a list was expected")
        conform(content, shape, "body")
        return content

    def after(self) -> int:
        """Read `after`: the id of the record a page starts with."""
        text = self.first("after", "0") or "0"
        if not (text.isascii() and text.isdigit()):
            raise invalid(f"Invalid integer passed to after: {text}")
        return int(text)

    def _parsed(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise invalid(f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}") from error

    def inputs(self, of: Shape, *, most: int) -> list[dict[str, Any]]:
        """Read the `inputs` of a batch call; an absent list is an empty one [C], a long one is refused."""
        inputs = self.json({"inputs": [of]}).get("inputs") or []
        if len(inputs) > most:
            raise invalid(f"The maximum number of inputs supported in a batch request is {most}, got {len(inputs)}")
        return list(inputs)


def bounded(limit: int, *, most: int) -> int:
    """Refuse a page size the vendor does not serve."""
    if not 1 <= limit <= most:
        raise invalid(f"The supplied limit {limit} is not between 1 and the maximum of {most}")
    return limit
