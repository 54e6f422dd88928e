"""The people of the made-up company, and names for everyone else. All of them are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from connector.sandbox.tables import Row

FIRST = (
    "Anouk",
    "Bram",
    "Carlijn",
    "Daan",
    "Eva",
    "Femke",
    "Gijs",
    "Hanna",
    "Ivo",
    "Jasmijn",
    "Koen",
    "Lotte",
    "Milan",
    "Noor",
    "Otto",
    "Pien",
    "Quinten",
    "Roos",
)
LAST = (
    "Aalders",
    "Bosman",
    "Claessen",
    "Dijkgraaf",
    "Evertsen",
    "Franken",
    "Goossens",
    "Hoekman",
    "IJsselman",
    "Jaspers",
    "Kuipers",
    "Lubbers",
)
STEMS = (
    "Alder",
    "Birch",
    "Corvid",
    "Delta",
    "Ember",
    "Fjord",
    "Garnet",
    "Heron",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Marlow",
    "Nimbus",
    "Onyx",
    "Pylon",
    "Quarry",
    "Rivet",
    "Sable",
    "Tundra",
    "Umber",
    "Vesper",
    "Willow",
    "Xenon",
    "Yarrow",
    "Zephyr",
    "Anvil",
    "Beacon",
    "Cobalt",
    "Drift",
    "Echo",
    "Flint",
    "Grove",
    "Harbor",
)
TAILS = (
    "Metals",
    "Logistics",
    "Foods",
    "Systems",
    "Instruments",
    "Plastics",
    "Textiles",
    "Energy",
    "Packaging",
    "Robotics",
    "Chemicals",
    "Optics",
    "Marine",
    "Tooling",
    "Bearings",
    "Software",
    "Medical",
    "Materials",
    "Printing",
    "Construction",
    "Agri",
    "Castings",
    "Sensors",
    "Fasteners",
)
FORMS = ("BV", "NV", "GmbH", "SA", "Ltd", "AB")


def company_name(chance: Random, number: int) -> str:
    """Invent a company name; the number keeps any two apart."""
    stem, tail = chance.choice(STEMS), chance.choice(TAILS)
    town = chance.choice(("North", "South", "West", "East", "Delta", "Upper", "Lower", "Inner"))
    return f"{stem} {tail} {town} {number} {chance.choice(FORMS)}"


def make_owners(chance: Random, companies: int) -> list[Row]:
    """Make account owners, about one per sixty companies; the last one has left."""
    count = max(3, min(40, companies // 60))
    return [_owner(chance, place, archived=place == count - 1) for place in range(count)]


def _owner(chance: Random, place: int, *, archived: bool) -> Row:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    return {
        "owner_id": str(70_000_001 + place * 13),
        "name": f"{first} {last}",
        "email": f"{first}.{last}.{place}@example.com".lower(),
        "archived": str(archived).lower(),
    }
