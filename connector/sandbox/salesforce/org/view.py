"""The schema as one user sees it: what field-level security hides is not there at all (salesforce.md 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.salesforce.answers import Refusal

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import Field, SObject
    from connector.sandbox.salesforce.org.tables import Table

ADVICE = "Please reference your WSDL or the describe call for the appropriate names."


class View:
    """What one user may see and change."""

    def __init__(self, org: Org, user: str) -> None:
        self.org = org
        self.user = user

    def sobject(self, name: str) -> SObject | None:
        """Find an object that the user may read, without case."""
        found = self.org.objects.get(name.lower())
        return found if found is not None and self.org.allows(self.user, found.name) else None

    def table(self, sobject: SObject) -> Table:
        """Give the records of an object."""
        return self.org.table(sobject.name)

    def named(self, name: str) -> SObject:
        """Find the object a path names; refuse with 404 as for a resource that is not there."""
        found = self.sobject(name)
        if found is None:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return found

    def field(self, sobject: SObject, name: str) -> Field | None:
        """Find a field that the user may read, without case."""
        found = sobject.get(name)
        return found if found is not None and self.org.right(self.user, sobject.name, found) else None

    def fields(self, sobject: SObject) -> list[Field]:
        """List the fields the user may read."""
        return [held for held in sobject.fields.values() if self.org.right(self.user, sobject.name, held)]

    def editable(self, sobject: SObject, held: Field, *, creating: bool = False) -> bool:
        """Tell whether the user may set a field."""
        able = held.createable if creating else held.updateable
        return able and not held.formula and self.org.right(self.user, sobject.name, held) > 1


def no_such_type(name: str) -> str:
    """Word the refusal of an object that is not there."""
    return (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        f"the '__c' after the entity name. {ADVICE}"
    )


def no_such_column(name: str, sobject: str) -> str:
    """Word the refusal of a field that is not there, or not for this user."""
    return (
        f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom field, be sure to "
        f"append the '__c' after the custom field name. {ADVICE}"
    )
