"""Domain M3 and 2.8: the ideal and the least ideal customer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.oracle.amounts import rounded

if TYPE_CHECKING:
    from tests.oracle.tables import Row
    from tests.oracle.world import Account, Group, World

MANUFACTURING = frozenset(
    [
        "machinery",
        "industrial_automation",
        "mechanical_or_industrial_engineering",
        "electrical_electronic_manufacturing",
        "automotive",
        "aviation_aerospace",
        "building_materials",
        "chemicals",
        "computer_hardware",
        "consumer_electronics",
        "cosmetics",
        "dairy",
        "defense_space",
        "food_production",
        "furniture",
        "glass_ceramics_concrete",
        "medical_devices",
        "packaging_and_containers",
        "paper_forest_products",
        "pharmaceuticals",
        "plastics",
        "printing",
        "railroad_manufacture",
        "semiconductors",
        "shipbuilding",
        "textiles",
        "tobacco",
        "manufacturing",
        "electronics",
        "apparel",
    ]
)
PROOF = {"iso 9001", "iso 45001", "vca", "haccp", "brcgs", "gmp", "atex"}
FIRST_DIVISION, LAST_DIVISION = 10, 33


@dataclass(frozen=True)
class Profile:
    """What M3 finds of one account."""

    employees: Fraction | None
    manufacturing: bool | None
    pain: str | None
    score: Fraction
    coverage: Fraction
    fit: str


def profile(world: World, group: Group, account: Account) -> Profile:
    """Points, coverage and fit; the knock-out first."""
    people, made, pain = employees(group, account), manufacturing(account.row), pain_fit(account)
    parameters = world.parameters
    size, industry, weight = (parameters.number(f"icp.criteria.{name}.weight") for name in ("size", "industry", "pain"))
    score = size if people is not None and people > parameters.number("icp.criteria.size.employees_more_than") else 0
    score += industry if made else 0
    half = pain in parameters.words("icp.criteria.pain.half")
    score += weight if pain == "high" else weight / 2 if half else 0
    coverage = (0 if people is None else size) + (0 if made is None else industry) + (0 if pain is None else weight)
    score, coverage = Fraction(score), Fraction(coverage)
    return Profile(people, made, pain, rounded(score, 0), coverage, _fit(world, people, score, coverage))


def _fit(world: World, people: Fraction | None, score: Fraction, coverage: Fraction) -> str:
    if people is not None and people < world.parameters.number("icp.knockouts.employees.less_than"):
        return "least_ideal"
    if coverage < world.parameters.number("icp.coverage_min"):
        return "unknown"
    if score >= world.parameters.number("icp.ideal_min"):
        return "ideal"
    return "partial" if score >= world.parameters.number("icp.partial_min") else "poor"


def employees(group: Group, account: Account) -> Fraction | None:
    """2.8: the highest of own and ultimate parent."""
    known = [row.number("employees") for row in (account.row, group.top.row)]
    return max((people for people in known if people is not None), default=None)


def manufacturing(row: Row) -> bool | None:
    """An activity code wins over the industry."""
    code = row.text("activity_code")
    found = re.match(r"[A-Za-z]?\s*(\d\d)", code) if code else None
    if found:
        return FIRST_DIVISION <= int(found[1]) <= LAST_DIVISION
    industry = row.text("industry")
    return industry.casefold() in MANUFACTURING if industry else None


def pain_fit(account: Account) -> str | None:
    """The field; when it is empty, a certificate proves a high pain."""
    told = (account.row.text("pain_fit") or "").casefold()
    if told in {"high", "medium", "low"}:
        return told
    return "high" if {word.casefold() for word in account.row.words("certifications")} & PROOF else None
