"""Writes of one record: every check the vendor makes, the customer's automation, and the stamps."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.salesforce.answers import Refusal, invalid
from connector.sandbox.salesforce.org import setup
from connector.sandbox.salesforce.org.automation import alert, lock, rewrite, validate
from connector.sandbox.salesforce.org.derived import derive
from connector.sandbox.salesforce.org.ids import canonical
from connector.sandbox.salesforce.org.values import stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import Field, SObject
    from connector.sandbox.salesforce.org.tables import Record
    from connector.sandbox.salesforce.org.view import View

MASTER = "012000000000000AAA"
IGNORED = {"attributes", "id"}
RIGHTS = {"c": "PermissionsCreate", "u": "PermissionsEdit", "d": "PermissionsDelete"}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes as one user; `assign` lets assignment rules run, as they do unless a header says no."""

    view: View
    assign: bool = True
    allow_duplicates: bool = False

    @property
    def org(self) -> Org:
        """The org written to."""
        return self.view.org

    def create(self, sobject: SObject, given: dict[str, Any]) -> str:
        """Make a record and give its id."""
        self._allowed(sobject, "c")
        changes = self._checked(sobject, given, None)
        record = {"Id": self.org.mint.next(sobject.prefix)} | self._defaults(sobject) | _kept(changes)
        self._require(record, sobject.fields.values())
        now = self.org.stamp()
        record |= {"CreatedDate": now, "CreatedById": self.view.user}
        return self._place(sobject, record, None)

    def update(self, sobject: SObject, identity: str, given: dict[str, Any]) -> str:
        """Change a record; equal values move its stamps all the same."""
        self._allowed(sobject, "u")
        before = self.existing(sobject, identity)
        lock(self.org, sobject.name, before)
        changes = self._checked(sobject, given, before)
        record = {name: value for name, value in (before | changes).items() if value is not None}
        self._require(record, [held for held in sobject.fields.values() if held.name in changes])
        return self._place(sobject, record, before)

    def delete(self, sobject: SObject, identity: str) -> str:
        """Put a record into the recycle bin; one of an object without a bin is gone."""
        self._allowed(sobject, "d")
        before = self.existing(sobject, identity)
        lock(self.org, sobject.name, before)
        table = self.org.table(sobject.name)
        if sobject.get("IsDeleted") is None:
            setup.before_delete(self.org, sobject, before)
            table.drop(before["Id"])
        else:
            table.put(before | {"IsDeleted": True} | self._stamps())
            self._delete_children(sobject, before["Id"])
        self.org.changes += 1
        return str(before["Id"])

    def _delete_children(self, sobject: SObject, identity: str) -> None:
        if sobject.name != "Account":
            return
        for child in ("Opportunity", "Contact"):
            table = self.org.table(child)
            for row in [row for row in table.having("AccountId", [identity]) if not row.get("IsDeleted")]:
                table.put(row | {"IsDeleted": True} | self._stamps())

    def undelete(self, sobject: SObject, identity: str) -> str:
        """Take a record out of the recycle bin."""
        table = self.org.table(sobject.name)
        found = table.rows.get(canonical(identity) or "")
        if found is None or not found.get("IsDeleted") or found.get("MasterRecordId"):
            raise invalid("UNDELETE_FAILED", "Entity is not in the recycle bin")
        table.put(found | {"IsDeleted": False} | self._stamps())
        self.org.changes += 1
        return str(found["Id"])

    def existing(self, sobject: SObject, identity: str) -> Record:
        """Find the record a write is about."""
        whole = canonical(identity)
        if whole is None or not whole.startswith(sobject.prefix):
            text = f"{sobject.label} ID: id value of incorrect type: {identity}"
            raise invalid("MALFORMED_ID", text, "Id")
        found = self.org.table(sobject.name).rows.get(whole)
        if found is None:
            raise invalid("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if found.get("IsDeleted"):
            raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted", tell_fields=True)
        return found

    def _allowed(self, sobject: SObject, letter: str) -> None:
        if letter not in sobject.writes:
            text = f"entity type {sobject.name} does not support {'create' if letter == 'c' else 'update'}"
            raise Refusal(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text, tell_fields=True)
        if sobject.setup:
            setup.may_write(self.view)
        elif not self.org.allows(self.view.user, sobject.name, RIGHTS[letter]):
            text = "insufficient access rights on object id"
            raise Refusal(403, "INSUFFICIENT_ACCESS_OR_READONLY", text, tell_fields=True)

    def _checked(self, sobject: SObject, given: dict[str, Any], before: Record | None) -> dict[str, Any]:
        """Give what is asked for under the fields' own names, as records hold it; None clears."""
        fields = [
            (self._writable(sobject, name), value) for name, value in given.items() if name.lower() not in IGNORED
        ]
        if bad := [held.name for held, _ in fields if not self.view.editable(sobject, held, creating=before is None)]:
            text = (
                f"Unable to create/update fields: {', '.join(bad)}. Please check the security settings of this field "
            )
            more = "and verify that it is read/write for your profile or permission set."
            raise invalid("INVALID_FIELD_FOR_INSERT_UPDATE", text + more, *bad)
        changes = {
            held.name: self._kept(held, stored(held, value, allowed=self._values(given, held, before)))
            for held, value in fields
        }
        for held, _ in fields:
            self._refers(held, changes[held.name], before)
            self._unique(sobject, held, changes[held.name], before)
        return changes

    def _kept(self, held: Field, value: Any) -> Any:
        if not self.org.switches.crlf or held.type != "textarea" or not isinstance(value, str):
            return value
        return value.replace("\r\n", "\n").replace("\n", "\r\n")

    def _writable(self, sobject: SObject, name: str) -> Field:
        held = self.view.field(sobject, name)
        if held is None:
            raise Refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
        return held

    def _values(self, given: dict[str, Any], held: Field, before: Record | None) -> list[str] | None:
        if held.type not in {"picklist", "multipicklist"}:
            return None
        record_type = given.get("RecordTypeId") or (before or {}).get("RecordTypeId") or MASTER
        return self.org.rules.record_type_values.get(f"{record_type}/{held.name}")

    def _refers(self, held: Field, value: Any, before: Record | None) -> None:
        if held.type != "reference" or value is None or value == MASTER:
            return
        targets = [self.org.objects[name.lower()] for name in held.refers]
        if not any(value.startswith(target.prefix) for target in targets):
            raise invalid("MALFORMED_ID", f"{held.label}: id value of incorrect type: {value}", held.name)
        found = self.org.find(value)
        if found is None or found[1].get("IsDeleted"):
            raise invalid("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", held.name)
        if held.name == "ParentId" and before is not None and self._circular(value, before["Id"], targets[0]):
            raise invalid("CIRCULAR_DEPENDENCY", "attempt to add a circular dependency in the hierarchy", held.name)

    def _circular(self, parent: str, child: str, sobject: SObject) -> bool:
        rows, seen = self.org.table(sobject.name).rows, set()
        step: str | None = parent
        while step is not None and step not in seen:
            if step == child:
                return True
            seen.add(step)
            step = rows.get(step, {}).get("ParentId")
        return False

    def _unique(self, sobject: SObject, held: Field, value: Any, before: Record | None) -> None:
        if not held.unique or value is None:
            return
        wanted = value if held.case_sensitive else value.casefold()
        for row in self.org.table(sobject.name).live():
            other = row.get(held.name)
            same = other is not None and (other if held.case_sensitive else other.casefold()) == wanted
            if same and (before is None or row["Id"] != before["Id"]):
                text = f"duplicate value found: {held.name} duplicates value on record with id: {row['Id'][:15]}"
                raise invalid("DUPLICATE_VALUE", text)

    def _defaults(self, sobject: SObject) -> dict[str, Any]:
        found = {held.name: held.default for held in sobject.fields.values() if held.default is not None}
        found |= {
            held.name: False for held in sobject.fields.values() if held.type == "boolean" and held.name not in found
        }
        if sobject.get("OwnerId"):
            found["OwnerId"] = self.view.user
        if self.org.identity.multi_currency and sobject.get("CurrencyIsoCode"):
            found["CurrencyIsoCode"] = self.org.identity.currency
        return found

    def _require(self, record: Record, fields: Iterable[Field]) -> None:
        missing = [held.name for held in fields if held.required and record.get(held.name) is None]
        if missing:
            text = f"Required fields are missing: [{', '.join(missing)}]"
            raise invalid("REQUIRED_FIELD_MISSING", text, *missing)

    def _stamps(self) -> dict[str, Any]:
        now = self.org.stamp()
        return {"LastModifiedDate": now, "LastModifiedById": self.view.user, "SystemModstamp": now}

    def _place(self, sobject: SObject, record: Record, before: Record | None) -> str:
        record = rewrite(self.org, sobject.name, derive(self.org, sobject.name, record, before), before)
        setup.check(self.org, sobject, record, before)
        validate(self.org, sobject.name, record, before)
        if not self.allow_duplicates:
            alert(self.org, sobject.name, record, before)
        if self.assign and sobject.name == "Account" and self.org.switches.auto_assign_moves_owner:
            record["OwnerId"] = self._assigned(record)
        if setup.vanishes(sobject, record):
            self.org.table(sobject.name).drop(record["Id"])
        else:
            self.org.table(sobject.name).put(record | self._stamps())
        self.org.changes += 1
        return str(record["Id"])

    def _assigned(self, record: Record) -> str:
        active: list[str] = sorted(row["Id"] for row in self.org.table("User").rows.values() if row["IsActive"])
        return active[zlib.crc32(record["Id"].encode()) % len(active)]


def _kept(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}
