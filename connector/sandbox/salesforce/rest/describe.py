"""Describes: of one object as the user sees it, of all objects, and which versions there are."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Answer, answer
from connector.sandbox.salesforce.org.schema import NUMBERS, TEXTS

if TYPE_CHECKING:
    from connector.sandbox.salesforce.calls import Asked
    from connector.sandbox.salesforce.org.org import Org
    from connector.sandbox.salesforce.org.schema import Field, SObject
    from connector.sandbox.salesforce.org.view import View

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
    **dict.fromkeys(NUMBERS - {"int"}, "xsd:double"),
}
MORE_URLS = {
    "Case": {"caseArticleSuggestions": "suggestedArticles", "caseRowArticleSuggestions": "{ID}/suggestedArticles"},
    "Event": {"eventSeriesUpdates": "{ID}/fromThisEventOnwards"},
}
"""Addresses that only some objects have, behind their own."""
BYTES = 3
"""Bytes kept for one character."""
MASTER = "012000000000000AAA"
OFF = dict.fromkeys(
    [
        "aiPredictionField",
        "autoNumber",
        "cascadeDelete",
        "dependentPicklist",
        "deprecatedAndHidden",
        "displayLocationInDecimal",
        "encrypted",
        "formulaTreatNullNumberAsZero",
        "highScaleNumber",
        "htmlFormatted",
        "queryByDistance",
        "restrictedDelete",
        "searchPrefilterable",
        "writeRequiresMasterRead",
    ],
    False,
)
NONE = dict.fromkeys(
    [
        "controllerName",
        "defaultValueFormula",
        "filteredLookupInfo",
        "inlineHelpText",
        "mask",
        "maskType",
        "referenceTargetField",
        "relationshipOrder",
    ]
)
FLAGS = {"customSetting": False, "deepCloneable": False, "deprecatedAndHidden": False, "hasSubtypes": False} | {
    "isInterface": False,
    "isSubtype": False,
    "activateable": False,
}


def field_told(held: Field, *, editable: bool) -> dict[str, Any]:
    """Describe one field; one the user may only read is not updateable for that user."""
    writable = editable and not held.formula
    return {
        **OFF,
        **NONE,
        **_sizes(held),
        **_uses(held),
        "calculated": bool(held.formula),
        "calculatedFormula": held.formula or None,
        "compoundFieldName": _compound(held.name),
        "createable": held.createable and writable,
        "custom": held.custom,
        "defaultValue": held.default if held.type == "boolean" else None,
        "defaultedOnCreate": held.type == "boolean" or held.name in {"OwnerId", "CreatedDate", "SystemModstamp"},
        "label": held.label,
        "name": held.name,
        "nameField": held.name_field,
        "namePointing": len(held.refers) > 1,
        "nillable": held.nillable,
        "permissionable": held.permissionable,
        "picklistValues": held.values,
        "polymorphicForeignKey": len(held.refers) > 1,
        "referenceTo": list(held.refers),
        "relationshipName": held.relationship,
        "restrictedPicklist": held.restricted,
        "type": held.type,
        "updateable": held.updateable and writable,
    }


def _sizes(held: Field) -> dict[str, Any]:
    return {
        "byteLength": held.length * (BYTES if held.type in TEXTS else 1),
        "digits": held.precision if held.type == "int" else 0,
        "extraTypeInfo": "plaintextarea" if held.type == "textarea" else None,
        "length": held.length,
        "precision": held.precision,
        "scale": held.scale,
        "soapType": SOAP_TYPES.get(held.type, "xsd:string"),
    }


def _uses(held: Field) -> dict[str, bool]:
    return {
        "aggregatable": held.sortable and held.type != "boolean",
        "caseSensitive": held.case_sensitive,
        "externalId": held.external_id,
        "filterable": held.filterable,
        "groupable": held.groupable,
        "idLookup": held.id_lookup,
        "sortable": held.sortable,
        "unique": held.unique,
    }


def _compound(name: str) -> str | None:
    return "BillingAddress" if name.startswith("Billing") and name != "BillingAddress" else None


def _rights(view: View, sobject: SObject) -> dict[str, bool]:
    may = {letter: letter in sobject.writes for letter in "cud"}
    if sobject.setup:
        able = view.org.may(view.user, "PermissionsCustomizeApplication")
        return {name: able and may[name[0]] for name in ("createable", "updateable", "deletable")}
    allows = view.org.allows
    return {
        "createable": may["c"] and allows(view.user, sobject.name, "PermissionsCreate"),
        "updateable": may["u"] and allows(view.user, sobject.name, "PermissionsEdit"),
        "deletable": may["d"] and allows(view.user, sobject.name, "PermissionsDelete"),
    }


def brief(view: View, sobject: SObject, root: str) -> dict[str, Any]:
    """Describe an object as the list of all objects does."""
    data = not sobject.setup
    base = f"{root}/sobjects/{sobject.name}"
    return {
        **FLAGS,
        **_rights(view, sobject),
        "associateEntityType": None,
        "associateParentEntity": None,
        "custom": sobject.custom,
        "feedEnabled": data,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": data,
        "mergeable": sobject.get("MasterRecordId") is not None,
        "mruEnabled": data,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.get("SystemModstamp") is not None,
        "retrieveable": True,
        "searchable": data,
        "triggerable": data,
        "undeletable": sobject.get("IsDeleted") is not None,
        "urls": {
            "compactLayouts": f"{base}/describe/compactLayouts",
            "rowTemplate": f"{base}/{{ID}}",
            "approvalLayouts": f"{base}/describe/approvalLayouts",
            "listviews": f"{base}/listviews",
            "describe": f"{base}/describe",
            "quickActions": f"{base}/quickActions",
            "layouts": f"{base}/describe/layouts",
            "sobject": base,
        },
    }


def describe(asked: Asked, name: str) -> Answer:
    """Answer the whole of one object, or 304 when no definition or permission changed since the time asked about."""
    view = asked.view
    sobject = view.named(name)
    if _is_known(asked):
        return Answer(304, b"", ())
    found = brief(view, sobject, asked.root)
    here = f"https://{asked.org.identity.domain}"
    base = f"{asked.root}/sobjects/{sobject.name}"
    found["urls"] |= {
        "uiDetailTemplate": f"{here}/{{ID}}",
        "uiEditTemplate": f"{here}/{{ID}}/e",
        "uiNewRecord": f"{here}/{sobject.prefix}/e",
        "defaultValues": f"{base}/defaultValues?recordTypeId&fields",
    }
    found["urls"] |= {name: f"{base}/{rest}" for name, rest in MORE_URLS.get(sobject.name, {}).items()}
    fields = view.fields(sobject)
    right = asked.org.right
    found |= {
        "actionOverrides": [],
        "childRelationships": _children(asked.org, sobject),
        "compactLayoutable": not sobject.setup,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [field_told(held, editable=right(view.user, sobject.name, held) > 1) for held in fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": record_types(asked, sobject),
        "searchLayoutable": not sobject.setup,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": f"All {sobject.plural.lower()}", "name": "everything"},
            {"label": f"My {sobject.plural.lower()}", "name": "mine"},
        ],
    }
    return answer(found)


def _is_known(asked: Asked) -> bool:
    """Whether the schema was seen as it is now before If-Modified-Since, an HTTP date of whole seconds."""
    org, told = asked.org, asked.call.header("if-modified-since")
    if org.schema_seen is None or org.schema_seen[0] != org.schema_version:
        org.schema_seen = (org.schema_version, org.now().replace(microsecond=0))
    try:
        return bool(told) and org.schema_seen[1] < parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return False


def _children(org: Org, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": held.name == "AccountId",
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": held.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": _child_name(sobject, child, held),
            "restrictedDelete": False,
        }
        for child in org.objects.values()
        for held in child.fields.values()
        if sobject.name in held.refers
    ]


def _child_name(sobject: SObject, child: SObject, held: Field) -> str | None:
    if held.name == "ParentId" and child is sobject:
        return f"Child{child.plural}"
    return child.children if held.name == "AccountId" and child.children else None


def record_types(asked: Asked, sobject: SObject) -> list[dict[str, Any]]:
    """Tell the record types of an object, the master one last."""
    rows = [row for row in asked.org.table("RecordType").rows.values() if row["SobjectType"] == sobject.name]
    own = [_record_type(asked.root, sobject.name, row, default=place == 0) for place, row in enumerate(rows)]
    master = {"Id": MASTER, "Name": "Master", "DeveloperName": "Master", "IsActive": True}
    return [*own, _record_type(asked.root, sobject.name, master, default=not own)]


def _record_type(root: str, sobject: str, row: dict[str, Any], *, default: bool) -> dict[str, Any]:
    return {
        "active": row["IsActive"],
        "available": True,
        "defaultRecordTypeMapping": default,
        "developerName": row["DeveloperName"],
        "master": row["Id"] == MASTER,
        "name": row["Name"],
        "recordTypeId": row["Id"],
        "urls": {"layout": f"{root}/sobjects/{sobject}/describe/layouts/{row['Id']}"},
    }


def basic(asked: Asked, name: str) -> Answer:
    """Answer the short form of one object, and what was looked at last: nothing."""
    view = asked.view
    return answer({"objectDescribe": brief(view, view.named(name), asked.root), "recentItems": []})


def describe_all(asked: Asked) -> Answer:
    """Answer the list of all objects."""
    view = asked.view
    found = [held for held in asked.org.objects.values() if view.sobject(held.name) is not None]
    listed = [brief(view, held, asked.root) for held in found]
    return answer({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})
