"""Laws of what people read: no internal names, no amounts that do not look like amounts, in either language."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.model.fields import Type
from connector.rules.loading import load_texts
from connector.rules.sections.notes import MISSING
from connector.rules.styles import Style
from connector.rules.syntax.files import contents
from connector.rules.syntax.shapes import LANGUAGES
from connector.rules.tree import Literal, Name, Placeholder
from connector.rules.trying.nameless import nameless, sentences
from connector.rules.walk import NUMERIC, type_of
from tests.shared import ROOT
from tests.unit.rules.parts import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.ruleset import RuleSet
    from connector.rules.tree import Sentence

RULES = ROOT / "rules"
TEXTS = contents(RULES)
LEFT_OUT = ["", *sorted(name for name in TEXTS if Path(name).name not in {"base.yaml", "tier.yaml"})]
SET = {
    "pyramid.absolute_lines.top": "50000",
    "pyramid.absolute_lines.big": "25000",
    "pyramid.absolute_lines.medium": "5000",
    "icp.criteria.size.turnover_min": "1000000",
    "icp.criteria.size.turnover_max": "9000000",
    "icp.knockouts.countries": "XX",
    "icp.knockouts.industries": "TOBACCO",
    "acquisition.low_revenue_max": "5000",
    "customer_type.current_value.high_min": "25000",
    "customer_value.aw_max": "3",
    "service.gross_margin_pct": "40",
}
"""Everything that is off as long as nobody sets it."""
MONEY_STYLES = {Style.WHOLE_MONEY, Style.CENTS}
OUTSIDE_BRACES = re.compile(r"\{[^}]*\}")


@cache
def shipped(without: str, *, everything: bool) -> RuleSet:
    """The rules that come with tiersync, one file left out, with what is off by default on or off."""
    texts = {name: text for name, text in TEXTS.items() if name != without}
    there = load_texts(texts)
    return load_texts(texts, {name: SET[name] for name in SET if everything and name in there.parameters})


@pytest.fixture(params=[True, False], ids=["everything set", "as shipped"])
def everything(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("without", LEFT_OUT)
def test_no_text_of_the_shipped_rules_tells_a_value_by_its_internal_name(without: str, *, everything: bool) -> None:
    told = shipped(without, everything=everything)
    assert [f"{node.at.file}: {node.name}" for node in nameless(told)] == []
    unlabelled = [node.name for node in told.nodes if node.meaning and set(node.meaning) != set(LANGUAGES)]
    assert unlabelled == []


@pytest.mark.parametrize("without", LEFT_OUT)
def test_no_text_of_the_shipped_rules_holds_a_word_of_the_rule_files(without: str, *, everything: bool) -> None:
    told = shipped(without, everything=everything)
    names = {node.name for node in told.nodes if "_" in node.name} - {node.name for node in told.nodes if node.meaning}
    assert sorted(set(_words(told)) & names) == []


@pytest.mark.parametrize("without", LEFT_OUT)
def test_every_answer_that_a_text_tells_has_its_words_in_both_languages(without: str, *, everything: bool) -> None:
    told = shipped(without, everything=everything)
    options = {node.name: node.options for node in told.nodes}
    for piece in _placeholders(told):
        if isinstance(piece.value, Name) and piece.value.name in options and options[piece.value.name]:
            labels = piece.labels or {}
            missed = [
                f"{piece.value.name} = {option} ({language})"
                for option in options[piece.value.name]
                for language in LANGUAGES
                if not labels.get(language, {}).get(option)
            ]
            assert missed == []
    assert options[MISSING]


@pytest.mark.parametrize("without", LEFT_OUT)
def test_every_amount_is_written_as_money_and_so_is_what_it_is_held_against(without: str, *, everything: bool) -> None:
    told = shipped(without, everything=everything)
    assert [piece.value for piece in _placeholders(told) if _is_money(piece) and piece.style not in MONEY_STYLES] == []
    for sentence in sentences(told):
        for pieces in sentence.parts.values():
            if any(isinstance(piece, Placeholder) and _is_money(piece) for piece in pieces):
                told_so = "".join(piece if isinstance(piece, str) else "…" for piece in pieces)
                assert not re.search(r"[<≤=≥>≠] *-?\d", told_so), told_so


def test_a_line_through_an_amount_is_money_whatever_it_is_made_of() -> None:
    """A number, a parameter, a product: told beside an amount each is one."""
    for line in ("0", "$line", "$line * 2", "other"):
        told = rules(TOLD.format(line=line, label="label: {en: what they owe, nl: wat ze schuldig zijn}"))
        [(value, threshold)] = {
            tuple(p for p in s.parts["en"] if isinstance(p, Placeholder))
            for s in sentences(told)
            if s.parts.get("en", ("",))[0] == "what they owe "
        }
        assert (value.style, threshold.style) == (Style.CENTS, Style.CENTS)
        assert type_of(threshold.value) in NUMERIC
        assert isinstance(threshold.value, Literal) == (line == "0")


def test_a_value_without_a_label_is_found_with_its_place() -> None:
    found = nameless(rules(TOLD.format(line="0", label="")))
    assert [(node.name, node.at.file, node.at.line) for node in found] == [("owed_now", "t.yaml", 8)]


TOLD = """
parameters:
  line: {{default: 5, meaning: a line}}
fields:
  open_amount: {{from: account.open_invoice_amount}}
  other: {{from: account.sm_cost_12m}}
values:
  owed_now: {{is: open_amount + 0, {label}}}
models:
  tier: {{kind: first_match, rules: [{{otherwise: large}}]}}
decision:
  applies: tier is known
  say_no: {{N1: {{when: owed_now > {line}, label: {{en: Owes, nl: Schuldig}}}}}}
outputs:
  seg_tier: {{from: tier, label: {{en: Tier, nl: Segment}}, options: {{large: {{en: Large, nl: Groot}}}}}}
  seg_explanation: {{type: long_text, label: {{en: Explanation, nl: Toelichting}}, say: [explanation]}}
"""


def _is_money(piece: Placeholder) -> bool:
    return type_of(piece.value) is Type.MONEY


def _pieces(told: RuleSet) -> Iterator[str | Placeholder]:
    for sentence in sentences(told):
        yield from _of(sentence)


def _of(sentence: Sentence) -> Iterator[str | Placeholder]:
    for pieces in sentence.parts.values():
        yield from pieces


def _placeholders(told: RuleSet) -> Iterator[Placeholder]:
    yield from (piece for piece in _pieces(told) if isinstance(piece, Placeholder))


def _words(told: RuleSet) -> Iterator[str]:
    """Every word that stands in a text as it is, the columns in braces left out."""
    for piece in _pieces(told):
        if isinstance(piece, str):
            yield from re.findall(r"\w+", OUTSIDE_BRACES.sub("", piece))
