"""What can happen to a good answer of any vendor on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.sandbox.faults import Rule

Options = dict[str, Any]
TRANSPORT = ("reset-before", "reset-after", "slow-before", "slow-after", "cut")
"""Faults of the connection: reset or stalled before or after the call was done, cut within the body."""
COMMON: dict[str, Callable[[bytes, Options], bytes]] = {
    "truncate": lambda body, options: body[: int(len(body) * options.get("share", 0.5))],
    "empty": lambda _body, _options: b"",
    "html": lambda _body, _options: b"<html><body>Please wait</body></html>",
    "empty-object": lambda _body, _options: b"{}",
}


def spoil(rule: Rule, found: Answer, ways: Mapping[str, Callable[[bytes, Options], bytes]]) -> Answer:
    """Give the answer as the fault leaves it: the status stays what it was."""
    if rule.action not in ways:
        return found
    return Answer(found.status, ways[rule.action](found.body, rule.options), found.headers)
