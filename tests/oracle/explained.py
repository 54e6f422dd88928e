"""Domain 5.9: what the long explanation must hold, whatever its wording: outcomes, numbers as stored, rules and day."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

FIGURES = {
    "seg_acq_cost_ratio": ("acquisition cost ratio", "acquisitiekostenratio"),
    "seg_margin_after_service": ("margin after service", "marge na service"),
    "seg_days_open": ("days open", "dagen open"),
    "seg_customer_value": ("current value", "huidige waarde"),
    "seg_revenue_12m": ("Revenue", "Omzet"),
}
"""What a stored number is called; the customer value is the current value unless a parameter says otherwise."""
YES = {"en": "yes", "nl": "ja"}
NUMBER = r"(-?€ ?-?[\d.,]*\d|-?\d[\d.,]*)"


def explained_wrongly(told: dict[str, Any], *, language: str, as_of: date) -> Iterator[str]:
    """What is wrong with one account's explanation."""
    text = told["seg_explanation"] or ""
    if told["seg_tier"] == "excluded":
        return
    yield from _figures(told, text, language)
    hits = {line.split(":")[0] for line in text.splitlines() if re.match(rf"[NW]\d: {YES[language]}\b", line)}
    if hits != set(told["seg_say_no_reasons"]) - {"MANUAL"}:
        yield f"hits {sorted(hits)} for {told['seg_say_no_reasons']}"
    day = as_of.isoformat() if language == "en" else as_of.strftime("%d-%m-%Y")
    last = text.splitlines()[-1] if text else ""
    if told["seg_rule_version"] not in last or day not in last:
        yield f"the last line is {last!r}"
    if (told["seg_missing_data"] or "") not in text:
        yield f"missing data {told['seg_missing_data']!r} is not told"


def held_wrongly(told: dict[str, Any]) -> Iterator[str]:
    """What is wrong with quality, advice and their lengths (domain 5.7, 6.1)."""
    missing, quality = told["seg_missing_data"], told["seg_data_quality"]
    if quality in {"complete", "partial"} and (quality == "partial") != bool(missing):
        yield f"{quality} with {missing!r}"
    for name in ("seg_reason", "seg_action_text"):
        if len(told[name] or "") > 255:
            yield f"{name} has {len(told[name])} characters"
    if told["seg_tier"] != "excluded" and not told["seg_action_text"]:
        yield "no advice"


def _figures(told: dict[str, Any], text: str, language: str) -> Iterator[str]:
    for output, names in FIGURES.items():
        name = names[language == "nl"]
        for found in re.findall(rf"(?<!\w){name} {NUMBER}", text):
            if told.get(output) is not None and plain(found, language) != Fraction(str(told[output])):
                yield f"{name} {found}, stored as {told[output]}"


def plain(text: str, language: str) -> Fraction:
    """A number as a person wrote it."""
    bare = text.replace("€", "").replace(" ", "").rstrip(".,")
    return Fraction(bare.replace(".", "").replace(",", ".") if language == "nl" else bare.replace(",", ""))
