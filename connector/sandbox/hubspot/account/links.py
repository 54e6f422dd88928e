"""Associations: typed, two-sided links between records (hubspot.md 5.6)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import orjson

from connector.sandbox.hubspot.answers import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class LinkType:
    """One side of an association type; `inverse` is the number of the other side."""

    number: int
    origin: str
    target: str
    name: str
    inverse: int
    label: str | None = None
    category: str = "HUBSPOT_DEFINED"

    @property
    def primary(self) -> bool:
        """Tell whether it marks the one primary record."""
        return self.label == "Primary"

    def content(self) -> dict[str, object]:
        """Give it as an association answer lists it."""
        return {"category": self.category, "typeId": self.number, "label": self.label}


_TABLE = """
341 deals companies deal_to_company_unlabeled 342
342 companies deals company_to_deal_unlabeled 341
5 deals companies deal_to_company 6 Primary
6 companies deals company_to_deal 5 Primary
339 tickets companies ticket_to_company_unlabeled 340
340 companies tickets company_to_ticket_unlabeled 339
26 tickets companies ticket_to_company 25 Primary
25 companies tickets company_to_ticket 26 Primary
279 contacts companies contact_to_company_unlabeled 280
280 companies contacts company_to_contact_unlabeled 279
1 contacts companies contact_to_company 2 Primary
2 companies contacts company_to_contact 1 Primary
3 deals contacts deal_to_contact 4
4 contacts deals contact_to_deal 3
15 contacts tickets contact_to_ticket 16
16 tickets contacts ticket_to_contact 15
27 deals tickets deal_to_ticket 28
28 tickets deals ticket_to_deal 27
19 deals line_items deal_to_line_item 20
20 line_items deals line_item_to_deal 19
180 companies invoices company_to_invoice 179
179 invoices companies invoice_to_company 180
176 deals invoices deal_to_invoice 175
175 invoices deals invoice_to_deal 176
450 companies companies company_to_company_unlabeled 450
13 companies companies parent_to_child_company 14 Child_Company
14 companies companies child_to_parent_company 13 Parent_Company
181 companies calls company_to_call 182
182 calls companies call_to_company 181
185 companies emails company_to_email 186
186 emails companies email_to_company 185
187 companies meetings company_to_meeting 188
188 meetings companies meeting_to_company 187
"""
CHILD_TO_PARENT = 14


def _vendor_types() -> Iterator[LinkType]:
    for line in _TABLE.strip().splitlines():
        number, origin, target, name, inverse, *label = line.split()
        text = label[0].replace("_", " ") if label else None
        yield LinkType(int(number), origin, target, name, int(inverse), text)


class Links:
    """Every association of the account, kept from both sides."""

    def __init__(self) -> None:
        self.types = {found.number: found for found in _vendor_types()}
        self._sides: dict[tuple[str, str], dict[int, dict[int, set[int]]]] = defaultdict(lambda: defaultdict(dict))
        self._between: dict[tuple[str, str], list[LinkType]] = {}
        self._told: dict[frozenset[int], orjson.Fragment] = {}
        self._fresh = count(37)

    def between(self, origin: str, target: str) -> list[LinkType]:
        """List the association types from one object type to another."""
        known = self._between.get((origin, target))
        if known is None:
            known = [found for found in self.types.values() if (found.origin, found.target) == (origin, target)]
            self._between[origin, target] = known
        return known

    def plain(self, origin: str, target: str) -> LinkType:
        """Find the type without label; refuse when these two cannot be associated."""
        for found in self.between(origin, target):
            if found.label is None:
                return found
        raise invalid(f"No association types exist between {origin} and {target}")

    def ids(self, origin: str, identity: int, target: str) -> list[int]:
        """List the associated records in ascending id."""
        return sorted(self._sides[origin, target].get(identity, ()))

    def told(self, origin: str, identity: int, target: str, other: int) -> orjson.Fragment:
        """Give the types of one pair as an answer lists them, the plain one first."""
        numbers = frozenset(self._sides[origin, target][identity][other])
        known = self._told.get(numbers)
        if known is None:
            listed = [self.types[number].content() for number in self._sorted(set(numbers))]
            known = self._told[numbers] = orjson.Fragment(orjson.dumps(listed))
        return known

    def of(self, origin: str, identity: int, target: str) -> dict[int, list[LinkType]]:
        """List the associated records in ascending id, each with its types, the plain one first."""
        found = self._sides[origin, target].get(identity, {})
        return {other: [self.types[n] for n in self._sorted(found[other])] for other in sorted(found)}

    def _sorted(self, numbers: set[int]) -> list[int]:
        return sorted(numbers, key=lambda number: (self.types[number].label is not None, number))

    def primary(self, origin: str, identity: int, target: str) -> int | None:
        """Find the primary associated record."""
        for other, numbers in self._sides[origin, target].get(identity, {}).items():
            if any(self.types[number].primary for number in numbers):
                return other
        return None

    def add(self, number: int, origin: int, target: int) -> None:
        """Associate two records; a labelled type brings the plain one along, a primary replaces the old one."""
        kind = self.types[number]
        if kind.primary and kind.origin == "companies":
            # A company is primary for many records, a record has one primary company: seen from the record.
            self.add(kind.inverse, target, origin)
            return
        if kind.primary:
            self._demote(kind, origin)
        plain = self.plain(kind.origin, kind.target).number
        self._put(number, origin, target)
        if kind.origin != kind.target:
            self._put(plain, origin, target)

    def _put(self, number: int, origin: int, target: int) -> None:
        kind = self.types[number]
        self._sides[kind.origin, kind.target][origin].setdefault(target, set()).add(number)
        self._sides[kind.target, kind.origin][target].setdefault(origin, set()).add(kind.inverse)

    def _demote(self, kind: LinkType, identity: int) -> None:
        old = self.primary(kind.origin, identity, kind.target)
        if old is not None:
            self.drop(kind.number, identity, old)

    def drop(self, number: int, origin: int, target: int) -> None:
        """Take one type off a pair; the pair is gone with its last type."""
        kind = self.types[number]
        self._discard(kind.origin, kind.target, origin, target, number)
        self._discard(kind.target, kind.origin, target, origin, kind.inverse)

    def _discard(self, origin: str, target: str, identity: int, other: int, number: int) -> None:
        numbers = self._sides[origin, target].get(identity, {}).get(other)
        if numbers is not None:
            numbers.discard(number)
            if not numbers:
                del self._sides[origin, target][identity][other]

    def part(self, origin: str, identity: int, target: str, other: int) -> None:
        """Take every type off a pair."""
        self._sides[origin, target].get(identity, {}).pop(other, None)
        self._sides[target, origin].get(other, {}).pop(identity, None)

    def forget(self, origin: str, identity: int) -> list[tuple[str, int]]:
        """Take off every association of a record that is archived; give the records it was linked to."""
        met = []
        for (side, target), held in list(self._sides.items()):
            if side == origin:
                for other in list(held.get(identity, ())):
                    self.part(origin, identity, target, other)
                    met.append((target, other))
        return met

    def move(self, origin: str, old: int, new: int) -> list[tuple[str, int]]:
        """Give the associations of a merged record to the one that stays; give the records they lead to."""
        met = []
        for (side, target), held in list(self._sides.items()):
            if side == origin:
                for other, numbers in list(held.get(old, {}).items()):
                    for number in numbers if other != new else ():
                        self._move_one(number, new, other)
                    self.part(origin, old, target, other)
                    met.append((target, other))
        return met

    def _move_one(self, number: int, new: int, other: int) -> None:
        kind = self.types[number]
        taken = kind.primary and kind.origin != "companies" and self.primary(kind.origin, new, kind.target) is not None
        if not taken:
            self._put(number, new, other)

    def define(self, origin: str, target: str, *, label: str, name: str, inverse_label: str) -> list[LinkType]:
        """Create a label of the customer's own, both sides of it."""
        here, there = next(self._fresh), next(self._fresh)
        made = [
            LinkType(here, origin, target, name, there, label, "USER_DEFINED"),
            LinkType(there, target, origin, f"{name}_inverse", here, inverse_label or label, "USER_DEFINED"),
        ]
        self.types |= {found.number: found for found in made}
        self._between.clear()
        return made

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Give every (type, from, to) once, from one of its sides."""
        for held in self._sides.values():
            for identity, others in held.items():
                for other, numbers in others.items():
                    for number in sorted(numbers):
                        if number <= self.types[number].inverse:
                            yield number, identity, other

    def restore(self, number: int, origin: int, target: int) -> None:
        """Put back one row of `rows`."""
        self._put(number, origin, target)
