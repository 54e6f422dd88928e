"""What a new org holds before any data: itself, its two users with their profiles, and the usual stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.sandbox.salesforce.org.access import ADMIN, INTEGRATION, ORG_KEY
from connector.sandbox.salesforce.org.ids import SHORT, canonical, suffix
from connector.sandbox.salesforce.org.schema import with_values

if TYPE_CHECKING:
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.tables import Record

LONG_AGO = "2000-01-01T00:00:00.000+0000"
RIGHTS = ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords", "ViewAllFields")
POWERS = ("ApiEnabled", "ViewSetup", "ModifyMetadata", "ModifyAllData", "ViewAllData", "CustomizeApplication")
STAGES = (
    ("Prospecting", "Pipeline", 10, "open"),
    ("Qualification", "Pipeline", 10, "open"),
    ("Needs Analysis", "Pipeline", 20, "open"),
    ("Value Proposition", "Pipeline", 50, "open"),
    ("Id. Decision Makers", "Pipeline", 60, "open"),
    ("Perception Analysis", "Pipeline", 70, "open"),
    ("Proposal/Price Quote", "Pipeline", 75, "open"),
    ("Negotiation/Review", "Pipeline", 90, "open"),
    ("Closed Won", "Closed", 100, "won"),
    ("Closed Lost", "Omitted", 0, "lost"),
)


def found(org: Org) -> None:
    """Give a new org what every org has."""
    place(
        org,
        "Organization",
        {"Name": org.identity.name, "IsSandbox": True, "OrganizationType": "Enterprise Edition"}
        | {
            "Id": ORG_KEY + suffix(ORG_KEY),
            "InstanceName": "SBX01",
            "LanguageLocaleKey": "en_US",
            "DefaultLocaleSidKey": "nl_NL",
            "TimeZoneSidKey": org.identity.time_zone,
        },
    )
    for username, title, powers in ((ADMIN, "System Administrator", POWERS), (INTEGRATION, "API Only", POWERS[:1])):
        _user(org, username, title, powers)
    for name, category, probability, outcome in STAGES:
        add_stage(org, name, outcome=outcome, probability=float(probability), category=category)


def become(org: Org, told: object) -> None:
    """Be the org of this id, with the same records and no session any more; UsageError for what is no such id."""
    identity = canonical(told) if isinstance(told, str) else None
    table = org.table("Organization")
    if identity is None or not identity.startswith(table.sobject.prefix):
        raise UsageError(f"org_id {told!r} is no id of an org", hint="15 or 18 characters that begin with 00D")
    before = org.id()
    row = table.rows[before] | {"Id": identity}
    table.drop(before)
    table.put(row)
    org.access.org_key = identity[:SHORT]
    org.access.expire()
    org.changes += 1


def _user(org: Org, username: str, title: str, powers: tuple[str, ...]) -> None:
    profile = place(org, "Profile", {"Name": title, "UserType": "Standard"})["Id"]
    owned = {"Name": f"X{profile}", "Label": title, "ProfileId": profile, "IsOwnedByProfile": True, "IsCustom": False}
    allowed = {f"Permissions{power}": power in powers for power in POWERS}
    parent = place(org, "PermissionSet", owned | allowed)["Id"]
    add_user(org, username, username.split("@", maxsplit=1)[0].capitalize(), profile=profile)
    for sobject in [held for held in org.objects.values() if not held.setup and held.name != "User"]:
        rights = {f"Permissions{right}": True for right in RIGHTS}
        place(org, "ObjectPermissions", {"ParentId": parent, "SobjectType": sobject.name, **rights})
        for held in sobject.fields.values():
            if held.permissionable:
                grant(org, parent, sobject.name, held.name)


def grant(org: Org, parent: str, sobject: str, field: str) -> None:
    """Let a permission set read and edit a field."""
    place(
        org,
        "FieldPermissions",
        {"ParentId": parent, "SobjectType": sobject, "Field": f"{sobject}.{field}"}
        | {
            "PermissionsRead": True,
            "PermissionsEdit": True,
        },
    )


def grant_all(org: Org) -> None:
    """Let both profiles read and edit every field there is: what a loaded org's admin has done long ago."""
    known = {(row["ParentId"], row["Field"]) for row in org.table("FieldPermissions").rows.values()}
    owned = [row["Id"] for row in org.table("PermissionSet").rows.values() if row.get("IsOwnedByProfile")]
    for sobject in org.objects.values():
        for held in sobject.fields.values():
            for parent in owned:
                if held.permissionable and (parent, f"{sobject.name}.{held.name}") not in known:
                    grant(org, parent, sobject.name, held.name)


def add_user(
    org: Org, username: str, last: str, *, first: str = "", email: str = "", active: bool = True, profile: str
) -> str:
    """Make a user and give its id."""
    name = f"{first} {last}".strip()
    return str(
        place(
            org,
            "User",
            {"Username": username, "LastName": last, "Name": name, "Email": email or username}
            | {
                **({"FirstName": first} if first else {}),
                "Alias": last[:8].lower(),
                "IsActive": active,
                "TimeZoneSidKey": org.identity.time_zone,
                "LocaleSidKey": "nl_NL",
                "LanguageLocaleKey": "en_US",
                "ProfileId": profile,
                "UserType": "Standard",
            },
        )["Id"]
    )


def add_stage(org: Org, name: str, *, outcome: str, probability: float, category: str) -> Record:
    """Make a stage; `outcome` is open, won or lost."""
    sobject = org.objects["opportunity"]
    sobject.add(with_values(sobject.fields["stagename"], [name]))
    return place(
        org,
        "OpportunityStage",
        {"MasterLabel": name, "ApiName": name, "IsActive": True}
        | {
            "SortOrder": len(org.table("OpportunityStage").rows) + 1,
            "IsClosed": outcome != "open",
            "IsWon": outcome == "won",
            "ForecastCategory": category,
            "ForecastCategoryName": category,
            "DefaultProbability": probability,
        },
    )


def several_currencies(org: Org) -> None:
    """Turn on several currencies: records, users and rates are in the org's own one from now on."""
    if org.identity.multi_currency:
        return
    org.several_currencies()
    home = org.identity.currency
    for row in org.table("User").rows.values():
        org.table("User").put(row | {"DefaultCurrencyIsoCode": home})
    for name, table in org.tables.items():
        if org.objects[name.lower()].get("CurrencyIsoCode") and name not in {"CurrencyType", "DatedConversionRate"}:
            for row in list(table.rows.values()):
                table.put({"CurrencyIsoCode": home, **row})
    add_currency(org, home, 1.0)


def add_currency(org: Org, code: str, rate: float) -> None:
    """Let records be in a currency; `rate` is its units for one of the org's own."""
    facts = {"DecimalPlaces": 2, "IsActive": True, "IsCorporate": code == org.identity.currency}
    place(org, "CurrencyType", {"IsoCode": code, "ConversionRate": rate, **facts})
    for sobject in org.objects.values():
        for name in ("CurrencyIsoCode", "DefaultCurrencyIsoCode"):
            if (held := sobject.get(name)) is not None:
                sobject.add(with_values(held, [code]))


def place(org: Org, sobject: str, values: dict[str, Any], *, stamped: str = LONG_AGO) -> Record:
    """Put a record in as the vendor itself would, past every check."""
    held = org.objects[sobject.lower()]
    record = {"Id": values.get("Id") or org.mint.next(held.prefix)}
    system = {"CreatedDate": stamped, "LastModifiedDate": stamped, "SystemModstamp": stamped}
    if held.get("IsDeleted"):
        record["IsDeleted"] = False
    org.changes += 1
    return org.table(sobject).put(record | system | {name: item for name, item in values.items() if item is not None})
