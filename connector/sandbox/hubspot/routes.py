"""Which handler answers a path: v3, v4 and dated paths lead to the same ones (hubspot.md 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.sandbox.hubspot import access, limits
from connector.sandbox.hubspot.account import pipelines
from connector.sandbox.hubspot.account.kinds import KINDS, kind_of
from connector.sandbox.hubspot.answers import Refusal, not_found
from connector.sandbox.hubspot.rest import associations, batches, objects, properties, reference, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.answers import Answer

    Handler = Callable[..., Answer]

DATED = ("2026-03", "2026-09", "2026-09-beta")
_VERSION = re.compile(r"v\d|20\d\d-\d\d(-beta)?")
FAMILIES = {
    "objects": ("v3",),
    "associations": ("v4",),
    "properties": ("v3",),
    "property-validations": ("v3",),
    "pipelines": ("v3",),
    "owners": ("v3",),
    "limits": ("v3",),
    "currencies": ("v3",),
    "details": ("v3",),
    "api-usage": ("v3",),
    "token": ("v1", "v3"),
    "access-tokens": ("v1",),
    "refresh-tokens": ("v1",),
}


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API: how its path looks, who answers, what it needs and which bucket it counts in."""

    method: str
    path: tuple[str, ...]
    handler: Handler
    need: str = ""
    bucket: str = "app"

    def match(self, method: str, path: list[str]) -> tuple[str, ...] | None:
        """Give the values of the placeholders when the path fits."""
        if method != self.method or len(path) != len(self.path):
            return None
        values = []
        for pattern, part in zip(self.path, path, strict=True):
            if pattern == "*":
                values.append(part)
            elif pattern != part:
                return None
        return tuple(values)


_TABLE: tuple[tuple[str, str, Handler, str, str], ...] = (
    ("GET", "objects/*", objects.list_records, "read", "app"),
    ("POST", "objects/*", objects.create_record, "write", "app"),
    ("POST", "objects/*/search", search.search_records, "read", "search"),
    ("POST", "objects/*/merge", objects.merge_records, "write", "app"),
    ("GET", "objects/*/*", objects.get_record, "read", "app"),
    ("PATCH", "objects/*/*", objects.patch_record, "write", "app"),
    ("DELETE", "objects/*/*", objects.archive_record, "write", "app"),
    ("POST", "objects/*/batch/read", batches.read_batch, "read", "app"),
    ("POST", "objects/*/batch/update", batches.update_batch, "write", "app"),
    ("POST", "objects/*/batch/create", batches.create_batch, "write", "app"),
    ("POST", "objects/*/batch/upsert", batches.upsert_batch, "write", "app"),
    ("POST", "objects/*/batch/archive", batches.archive_batch, "write", "app"),
    ("GET", "objects/*/*/associations/*", associations.read_one, "any read", "associations"),
    ("PUT", "objects/*/*/associations/*/*", associations.put_one, "write", "associations"),
    ("PUT", "objects/*/*/associations/default/*/*", associations.put_default, "write", "associations"),
    ("DELETE", "objects/*/*/associations/*/*", associations.delete_one, "write", "associations"),
    ("POST", "associations/*/*/batch/read", associations.read_batch, "any read", "associations"),
    ("POST", "associations/*/*/batch/create", associations.create_batch, "write", "associations"),
    (
        "POST",
        "associations/*/*/batch/associate/default",
        associations.create_default_batch,
        "write",
        "associations",
    ),
    ("POST", "associations/*/*/batch/archive", associations.archive_batch, "write", "associations"),
    ("POST", "associations/*/*/batch/labels/archive", associations.archive_labels, "write", "associations"),
    ("GET", "associations/*/*/labels", associations.list_labels, "any read", "app"),
    ("POST", "associations/*/*/labels", associations.create_label, "schema write", "app"),
    ("GET", "properties/*", properties.list_properties, "schema read", "app"),
    ("POST", "properties/*", properties.create_property, "schema write", "app"),
    ("GET", "properties/*/groups", properties.list_groups, "schema read", "app"),
    ("POST", "properties/*/groups", properties.create_group, "schema write", "app"),
    ("GET", "properties/*/groups/*", properties.get_group, "schema read", "app"),
    ("PATCH", "properties/*/groups/*", properties.patch_group, "schema write", "app"),
    ("DELETE", "properties/*/groups/*", properties.archive_group, "schema write", "app"),
    ("POST", "properties/*/batch/create", properties.create_batch, "schema write", "app"),
    ("POST", "properties/*/batch/read", properties.read_batch, "schema read", "app"),
    ("POST", "properties/*/batch/archive", properties.archive_batch, "schema write", "app"),
    ("GET", "properties/*/*", properties.get_property, "schema read", "app"),
    ("PATCH", "properties/*/*", properties.patch_property, "schema write", "app"),
    ("DELETE", "properties/*/*", properties.archive_property, "schema write", "app"),
    ("GET", "property-validations/*", reference.property_validations, "schema read", "app"),
    ("GET", "pipelines/*", pipelines.list_pipelines, "schema read", "app"),
    ("POST", "pipelines/*", pipelines.create_pipeline, "schema write", "app"),
    ("GET", "pipelines/*/*", pipelines.get_pipeline, "schema read", "app"),
    ("GET", "pipelines/*/*/stages", pipelines.list_stages, "schema read", "app"),
    ("POST", "pipelines/*/*/stages", pipelines.create_stage, "schema write", "app"),
    ("GET", "pipelines/*/*/stages/*", pipelines.get_stage, "schema read", "app"),
    ("GET", "owners", reference.list_owners, "crm.objects.owners.read", "app"),
    ("GET", "owners/*", reference.get_owner, "crm.objects.owners.read", "app"),
    ("GET", "limits/records", reference.record_limits, "any record", "app"),
    ("GET", "limits/custom-properties", reference.property_limits, "any record", "app"),
    ("GET", "details", reference.account_details, "", "app"),
    ("GET", "api-usage/daily/private-apps", limits.daily_usage, "", "app"),
    ("GET", "currencies/exchange-rates/current", reference.exchange_rates, "settings.currencies.read", "app"),
    ("POST", "currencies/exchange-rates", reference.create_exchange_rate, "settings.currencies.write", "app"),
    ("GET", "currencies/exchange-rates", reference.all_exchange_rates, "settings.currencies.read", "app"),
    ("GET", "currencies/company-currency", reference.company_currency, "settings.currencies.read", "app"),
    ("POST", "token", access.exchange_token, "nobody", ""),
    ("POST", "token/introspect", access.introspect, "nobody", ""),
    ("POST", "token/revoke", access.revoke, "nobody", ""),
    ("GET", "access-tokens/*", access.access_token_details, "nobody", ""),
    ("GET", "refresh-tokens/*", access.refresh_token_details, "nobody", ""),
    ("DELETE", "refresh-tokens/*", access.delete_refresh_token, "nobody", ""),
)
ROUTES = tuple(Route(method, tuple(path.split("/")), handler, *more) for method, path, handler, *more in _TABLE)


def canonical(path: str) -> tuple[str, list[str]]:
    """Take area and version out of a path: `/crm/v3/objects/deals` and `/crm/objects/2026-03/deals` are one."""
    parts = [part for part in path.split("/") if part]
    area = parts[0] if parts else ""
    dated_at = 2 if area in {"crm", "settings"} else 1
    for place in (1, dated_at):
        version = parts[place] if len(parts) > place else ""
        if _VERSION.fullmatch(version) and (place == dated_at or version.startswith("v")):
            rest = parts[1:place] + parts[place + 1 :]
            if rest and _served(version, rest):
                return version, rest
    raise not_found()


def _served(version: str, path: list[str]) -> bool:
    family = path[0]
    if family not in FAMILIES:
        return False
    if family == "objects" and version == "v4":
        return "associations" in path
    return version in DATED or version in FAMILIES[family]


def find(method: str, path: list[str]) -> tuple[Route, tuple[str, ...]]:
    """Find the route of a canonical path; refuse an unknown one with 404, another method with 405."""
    other = False
    for route in ROUTES:
        values = route.match(method, path)
        if values is not None:
            return route, values
        other = other or route.match(route.method, path) is not None
    if other:
        raise Refusal(405, "HTTP 405 Method Not Allowed")
    raise not_found()


def scopes(route: Route, values: tuple[str, ...]) -> tuple[str, ...]:
    """List the scopes of which any one opens this call (hubspot.md 2.4)."""
    need = route.need
    if need in {"", "nobody"}:
        return ()
    if need == "any record":
        return tuple(dict.fromkeys(scope for kind in KINDS for scope in kind.read))
    if need not in {"read", "write", "any read", "schema read", "schema write"}:
        return (need,)
    if need == "any read":
        both = {values[0], values[-1]}
        return tuple(dict.fromkeys(scope for name in sorted(both) for scope in kind_of(name).read))
    kind = kind_of(values[0]) if route.path[0] != "property-validations" else kind_of("companies")
    return {
        "read": kind.read,
        "write": kind.write,
        "schema read": kind.schema_read,
        "schema write": kind.schema_write,
    }[need]
