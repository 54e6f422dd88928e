"""The vendor's refusals: a JSON array on REST, and one record's errors inside collections (salesforce.md 0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector.sandbox.answers import Answer, answer


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of one record or of one call."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Give the error as collections carry it."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


class Refusal(Exception):
    """A call, or one record of it, that the vendor refuses."""

    def __init__(self, status: int, code: str, message: str, *fields: str, tell_fields: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.fault = Fault(code, message, fields)
        self.tell_fields = tell_fields or bool(fields)

    def answer(self) -> Answer:
        """Give the body of a whole call that is refused."""
        content: dict[str, Any] = {"message": self.fault.message, "errorCode": self.fault.code}
        if self.tell_fields:
            content["fields"] = list(self.fault.fields)
        return answer([content], self.status)


def invalid(code: str, message: str, *fields: str) -> Refusal:
    """Refuse with 400; on a record the fields are told, none as well."""
    return Refusal(400, code, message, *fields, tell_fields=True)


def not_found(message: str = "The requested resource does not exist") -> Refusal:
    """Refuse with 404 NOT_FOUND."""
    return Refusal(404, "NOT_FOUND", message)


def malformed(message: str) -> Refusal:
    """Refuse a query that is no SOQL."""
    return Refusal(400, "MALFORMED_QUERY", message)
