"""Objects and fields as the org defines them, before anybody's permissions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

TEXTS = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox", "encryptedstring"}
)
NUMBERS = frozenset({"double", "currency", "percent", "int"})


@dataclass(slots=True)
class Field:
    """One field; `type` is the describe's word for it."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    custom: bool = False
    unique: bool = False
    external_id: bool = False
    restricted: bool = False
    values: list[dict[str, Any]] = field(default_factory=list)
    refers: tuple[str, ...] = ()
    relationship: str | None = None
    default: Any = None
    permissionable: bool = False
    name_field: bool = False
    formula: str = ""
    """A path over lookups (`Account.Rating`); the field is calculated when read and never moves a stamp."""
    long: bool = False
    """A long text area: cannot be filtered, sorted or grouped, and makes pages short."""
    required: bool = False
    """Must have a value whenever the record is written."""
    case_sensitive: bool = False

    @property
    def id_lookup(self) -> bool:
        """Whether an upsert may find records by it: ids, external ids, and the standard e-mail address."""
        return self.type == "id" or self.external_id or (self.type == "email" and not self.custom)

    @property
    def filterable(self) -> bool:
        """Whether SOQL may compare it."""
        return not self.long and self.type != "address"

    @property
    def sortable(self) -> bool:
        """Whether SOQL may order by it."""
        return self.filterable and self.type != "multipicklist"

    @property
    def groupable(self) -> bool:
        """Whether SOQL may group by it."""
        return self.sortable and not self.formula and self.type not in {"double", "currency", "percent", "datetime"}


@dataclass(slots=True)
class SObject:
    """One object type and its fields by lower-case name."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: dict[str, Field]
    custom: bool = False
    setup: bool = False
    """A setup object: not mixed with data in one call, unknown to Bulk."""
    record_types: bool = False
    children: str = ""
    """Name of this object as children of an account: `Opportunities`."""
    writes: str = "cud"
    """What the API may do: create, update, delete."""

    def get(self, name: str) -> Field | None:
        """Find a field without case."""
        return self.fields.get(name.lower())

    def add(self, made: Field) -> Field:
        """Take in a field, or the next version of one."""
        self.fields[made.name.lower()] = made
        return made

    def by_relationship(self, name: str) -> Field | None:
        """Find the lookup behind a relationship name, without case."""
        wanted = name.lower()
        return next((found for found in self.fields.values() if (found.relationship or "").lower() == wanted), None)


def value(text: str, *, label: str = "", default: bool = False, active: bool = True) -> dict[str, Any]:
    """Make one picklist value the way a describe tells it."""
    return {"active": active, "defaultValue": default, "label": label or text, "validFor": None, "value": text}


def with_values(held: Field, texts: list[str]) -> Field:
    """Give the field with further picklist values."""
    known = {found["value"] for found in held.values}
    return replace(held, values=[*held.values, *(value(text) for text in dict.fromkeys(texts) if text not in known)])
