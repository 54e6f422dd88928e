"""Which Salesforce field holds which logical field (pure).

Source: domain.md 3.2 and contract.md: a logical name without a row of its own lives in a custom field, each word
capitalised and joined by `_` with `__c`; field names are compared without case.
"""

from __future__ import annotations

from connector.crm.overrides import Overrides
from connector.model.changes import Target
from connector.model.fields import CATALOGUE, Table, Type

ENTITY: dict[Target, str] = {Target.ACCOUNT: "Account", Target.DEAL: "Opportunity"}
TABLE_OF: dict[Target, Table] = {Target.ACCOUNT: Table.ACCOUNTS, Target.DEAL: Table.DEALS}

_FIELDS: dict[Table, dict[str, tuple[str, ...]]] = {
    Table.ACCOUNTS: {
        "account_id": ("Id",),
        "name": ("Name",),
        "type": ("Type",),
        "employees": ("NumberOfEmployees",),
        "own_turnover": ("AnnualRevenue",),
        "industry": ("Industry",),
        "activity_code": ("Nace_Code__c", "Activity_Code__c", "NaicsCode", "Sic"),
        "parent_id": ("ParentId",),
        "owner_id": ("OwnerId",),
        "country": ("BillingCountry",),
        "last_contact": ("LastActivityDate",),
        "created_at": ("CreatedDate",),
    },
    Table.DEALS: {
        "deal_id": ("Id",),
        "account_id": ("AccountId",),
        "name": ("Name",),
        "pipeline": ("RecordTypeId",),
        "stage": ("StageName",),
        "is_won": ("IsWon",),
        "is_closed": ("IsClosed",),
        "amount": ("Amount",),
        "home_amount": ("Amount",),
        "currency": ("CurrencyIsoCode",),
        "close_date": ("CloseDate",),
        "created_at": ("CreatedDate",),
        "deal_type": ("Type",),
        "probability": ("Probability",),
        "owner_id": ("OwnerId",),
    },
    Table.TICKETS: {
        "ticket_id": ("Id",),
        "account_id": ("AccountId",),
        "created_at": ("CreatedDate",),
        "closed_at": ("ClosedDate",),
        "category": ("Type", "Reason"),
        "priority": ("Priority",),
    },
}
"""The first of these that the organisation has; where a row is missing, the default name."""

DEAL_TYPES = (("existing", "existing"), ("renew", "existing"), ("new", "new"))
"""Words in an Opportunity's type -> new or existing business; the picklist is the organisation's own."""


class FieldMap(Overrides, frozen=True):
    """Logical field to API name, with the overrides of `[fields]`."""

    def candidates(self, table: Table, logical: str) -> tuple[str, ...]:
        """The API names a logical field may have, best first; a setting leaves one only."""
        named = self.override(table, logical)
        if named:
            return (named,)
        return _FIELDS.get(table, {}).get(logical) or (default_name(logical),)

    def sources(self, table: Table, logical: str) -> tuple[str, ...]:
        """Every field a column may be made of, as people see them in Salesforce: the first one there is, counts."""
        return self.candidates(table, logical)

    def output(self, target: Target, name: str) -> str:
        """The API name of one of our own properties."""
        return self.override(TABLE_OF[target], name) or default_name(name)


def default_name(logical: str) -> str:
    """`growth_potential` -> `Growth_Potential__c`."""
    return "_".join(word[:1].upper() + word[1:] for word in logical.split("_")) + "__c"


def deal_type(text: str) -> str:
    """`new` or `existing` where the words say so, else the text itself."""
    low = text.lower()
    return next((meaning for word, meaning in DEAL_TYPES if word in low), text)


_NUMBERS = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY, Type.PERCENT})
_TEXTS = frozenset({"string", "picklist", "textarea", "combobox"})
_FITTING: dict[Type, frozenset[str]] = {
    **dict.fromkeys(_NUMBERS, frozenset({"int", "long", "double", "currency", "percent"}) | _TEXTS),
    Type.BOOLEAN: frozenset({"boolean"}) | _TEXTS,
    Type.DATE: frozenset({"date", "datetime"}) | _TEXTS,
    Type.TIMESTAMP: frozenset({"date", "datetime"}) | _TEXTS,
}
_NEVER = frozenset({"address", "location", "base64", "anyType", "complexvalue"})


def fits(table: Table, logical: str, kind: str) -> bool:
    """Whether a field of this describe type can hold what the catalogue says of a logical field."""
    wanted = CATALOGUE_TYPES.get(table, {}).get(logical)
    return kind not in _NEVER and (wanted not in _FITTING or kind in _FITTING[wanted])


CATALOGUE_TYPES: dict[Table, dict[str, Type]] = {
    table: {known.name: known.type for known in fields} for table, fields in CATALOGUE.items()
}
