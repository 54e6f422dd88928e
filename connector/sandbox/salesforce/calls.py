"""A call once its session is known: who asks, in which version, of which org."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from connector.sandbox.salesforce.answers import Refusal
from connector.sandbox.salesforce.org.view import View

if TYPE_CHECKING:
    from connector.sandbox.calls import Call
    from connector.sandbox.salesforce.org.org import Org


@dataclass(slots=True)
class Asked:
    """One call of a user on an org; `version` as in its path, `66.0`."""

    org: Org
    call: Call
    user: str = ""
    version: str = ""

    @property
    def root(self) -> str:
        """The path every resource of this version begins with."""
        return f"/services/data/v{self.version}"

    @property
    def view(self) -> View:
        """The schema as the user sees it."""
        return View(self.org, self.user)

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object."""
        try:
            content = orjson.loads(self.call.body or b"{}")
        except orjson.JSONDecodeError as error:
            text = f"{error.msg} at [line:{error.lineno}, column:{error.colno}]"
            raise Refusal(400, "JSON_PARSER_ERROR", text) from error
        if not isinstance(content, dict):
            raise Refusal(400, "JSON_PARSER_ERROR", "Can not deserialize: an object was expected at [line:1, column:1]")
        return content

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Read a list of JSON objects out of the body; an absent one is empty."""
        held = self.json().get(name) or []
        if not isinstance(held, list) or not all(isinstance(one, dict) for one in held):
            raise Refusal(400, "JSON_PARSER_ERROR", f"Can not deserialize {name}: a list of objects was expected")
        return held

    def options(self, header: str) -> dict[str, str]:
        """Read a header of the form `batchSize=200, client=x` or `a=b; c=d`."""
        parts = self.call.header(header).replace(";", ",").split(",")
        pairs = (part.split("=", 1) for part in parts if "=" in part)
        return {name.strip().lower(): text.strip() for name, text in pairs}
