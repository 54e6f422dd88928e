"""The paths of a sandbox's own that every vendor's sandbox has: faults, the journal, and setting things by name."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import orjson

from connector.errors import UsageError
from connector.sandbox.answers import NO_CONTENT, Answer, answer
from connector.sandbox.app import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.sandbox.app import App
    from connector.sandbox.calls import Call

Acts = dict[tuple[str, str, int], "Callable[..., Answer]"]
"""Method, first path segment and number of further segments -> what it does."""


def dispatch(app: App[Any], call: Call, acts: Mapping[tuple[str, str, int], Callable[..., Answer]]) -> Answer:
    """Answer a call on a path of the sandbox's own; what cannot be done is told with 400."""
    name, *rest = call.path.removeprefix(PREFIX).strip("/").split("/")
    act = acts.get((call.method, name, len(rest)))
    if act is None:
        return answer({"message": f"the sandbox has no {call.method} {call.path}"}, 404)
    try:
        return act(app, call, *rest)
    except UsageError as error:
        return answer({"message": str(error), "hint": error.hint}, 400)
    except (ValueError, TypeError, KeyError) as error:
        return answer({"message": str(error)}, 400)


def wanted(call: Call) -> dict[str, Any]:
    """Read the body as a JSON object."""
    content = orjson.loads(call.body)
    if not isinstance(content, dict):
        raise UsageError("a JSON object was expected", hint='send {"NAME": VALUE}')
    return content


def set_fields(held: Any, asked: dict[str, Any]) -> Answer:
    """Set fields of a dataclass by name; an unknown name is refused with the known ones."""
    known = {field.name for field in fields(held)}
    if unknown := asked.keys() - known:
        hint = f"there is {', '.join(sorted(known))}"
        raise UsageError(f"unknown: {', '.join(sorted(unknown))}", hint=hint)
    for name, value in asked.items():
        setattr(held, name, value)
    return answer({name: getattr(held, name) for name in asked})


def _faults(app: App[Any], _call: Call) -> Answer:
    return answer({"results": app.faults.told()})


def _add_fault(app: App[Any], call: Call) -> Answer:
    return answer(asdict(app.faults.add(wanted(call))), 201)


def _clear_faults(app: App[Any], _call: Call) -> Answer:
    app.faults.clear()
    return NO_CONTENT


def _journal(app: App[Any], call: Call) -> Answer:
    entries = app.journal.told(since=int(call.first("since", "0")), writes=call.flag("writes"))
    return answer({"count": app.journal.count, "results": entries})


def _clear_journal(app: App[Any], _call: Call) -> Answer:
    app.journal.clear()
    return NO_CONTENT


COMMON: Acts = {
    ("GET", "faults", 0): _faults,
    ("POST", "faults", 0): _add_fault,
    ("DELETE", "faults", 0): _clear_faults,
    ("GET", "journal", 0): _journal,
    ("DELETE", "journal", 0): _clear_journal,
}
