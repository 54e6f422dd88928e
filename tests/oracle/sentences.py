"""Domain 6.4, 5.9, 11.22, 11.23: why, in Dutch or English: the tier, then one cause, then what protects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.oracle.amounts import cents, rounded
from tests.oracle.phrases import PHRASES, WORDS
from tests.oracle.revenue import bought, evidence

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from tests.oracle.acquisition import Acquisition
    from tests.oracle.icp import Profile
    from tests.oracle.payment import Payment
    from tests.oracle.service import Service
    from tests.oracle.verdict import Verdict
    from tests.oracle.world import Account, Group, World

CAUSES = ["N2", "N3", "N4", "N7", "N8", "N5", "N6", "N1", *(f"W{number}" for number in range(1, 9))]
LONGEST = 255
EVIDENCE = ("quote", "deal", "supplier", "stage")


@dataclass(frozen=True)
class Findings:
    """What the sentences of one account tell of."""

    profile: Profile
    service: Service
    cost: Acquisition
    paid: Payment
    verdict: Verdict


def reason(world: World, group: Group, account: Account, found: Findings) -> str | None:
    """`seg_reason`; None where domain.md has no sentence for the tier (unknown, excluded, held, overridden)."""
    if account.tier in {"unknown", "excluded"} or group.unreliable:
        return None
    if account.out["seg_override_status"] == "active":
        return None
    parts = [tier_sentence(world, group, account)]
    cause = next((code for code in CAUSES if code in found.verdict.hits), None)
    if cause:
        parts.append(_say(world, cause, **_figures(world, group, account, found)))
    if found.verdict.protected_by:
        labels = [WORDS[world.language][f"protect.{name}"] for name in found.verdict.protected_by]
        parts.append(_say(world, "protected", protection=", ".join(labels)))
    while len(" ".join(parts)) > LONGEST:
        parts.pop()
    return " ".join(parts)


def tier_sentence(world: World, group: Group, account: Account) -> str:
    """The sentence of the tier."""
    key = account.tier
    new = group.tenure is not None and group.tenure < world.parameters.whole("grace_months")
    if key == "regular" and new:
        key = "regular_new"
    if key == "large" and group.potential == "unknown":
        key = "large_provisional"
    won = [deal.closed_on for deal in group.deals if bought(world, deal) and deal.closed_on]
    seen = {name for member in group.members for name in evidence(world, member)}
    proof = next((name for name in EVIDENCE if name in seen), "deal")
    return _say(
        world,
        f"tier.{key}",
        value=money(world, group.value if group.value_known else group.revenue),
        upside=unknown(world) if group.upside is None else money(world, group.upside),
        tenure=str(group.tenure),
        last_won=day(world, max(won)) if won else "",
        won_count=str(len(won)),
        evidence=WORDS[world.language][f"evidence.{proof}"],
    )


def _figures(world: World, group: Group, account: Account, found: Findings) -> dict[str, str]:
    words = WORDS[world.language]
    least = world.parameters.text("icp.knockouts.employees.less_than")
    people = unknown(world) if found.profile.employees is None else str(int(found.profile.employees))
    burden = found.service.burden_index
    margin = found.service.margin
    return {
        "invoice": words["invoice.first" if found.paid.first else "invoice.oldest"],
        "days": str(found.paid.days_told),
        "contacts": str(found.service.burden_30d),
        "min": least,
        "employees": people,
        "margin": unknown(world) if margin is None else money(world, margin),
        "index": unknown(world) if burden is None else decimal(world, burden),
        "knockout": words["knockout"].format(employees=people, min=least),
        "score": str(int(found.profile.score)),
        "ratio": "" if found.cost.ratio is None else decimal(world, rounded(found.cost.ratio, 4) * 100) + "%",
        "value": _judged_low(world, group, account),
        "fit": words[f"fit.{found.profile.fit}"],
    }


def _judged_low(world: World, group: Group, account: Account) -> str:
    """The revenue that M6 finds low: of who never bought what is expected of them."""
    worth = account.revenue if group.active else group.upside
    return unknown(world) if worth is None else money(world, worth)


def _say(world: World, key: str, **figures: str) -> str:
    return PHRASES[key][world.language == "en"].format(**figures)


def unknown(world: World) -> str:
    """How a value that nobody knows is told."""
    return WORDS[world.language]["unknown"]


def money(world: World, value: Fraction) -> str:
    """Whole euros, of the stored amount."""
    text = f"{abs(int(rounded(cents(value), 0))):,}"
    sign = "-" if rounded(cents(value), 0) < 0 else ""
    return f"{sign}€{text}" if world.language == "en" else f"€ {sign}{text.replace(',', '.')}"


def decimal(world: World, value: Fraction) -> str:
    """One decimal."""
    text = f"{float(rounded(value, 1)):.1f}"
    return text if world.language == "en" else text.replace(".", ",")


def day(world: World, value: date) -> str:
    """A date as people write it."""
    return str(value) if world.language == "en" else f"{value:%d-%m-%Y}"
