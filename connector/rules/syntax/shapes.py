"""The shapes of a rule file: which keys stand where, of what sort, and what they mean.

One table feeds two readers: the loader refuses every other key, and `rules schema` tells editors the same.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Sort(StrEnum):
    """What a key holds."""

    FORMULA = "formula"
    WORD = "word"
    TEXT = "text"
    LANGUAGES = "languages"
    """One text per language, or one text for all."""
    FLAG = "flag"
    NUMBER = "number"
    WORDS = "words"
    MAPPING = "mapping"
    LIST = "list"
    ANY = "any"


class Key(Struct, frozen=True):
    """One key of a shape; `inside` is the shape of each value of a mapping or list, `one_of` the words allowed."""

    sort: Sort
    meaning: str
    required: bool = False
    one_of: tuple[str, ...] = ()
    inside: str = ""


Shape = dict[str, Key]

F, W, T, L, B, N, S, M, I, A = (  # noqa: E741 - a table reads better with one letter per sort
    Sort.FORMULA,
    Sort.WORD,
    Sort.TEXT,
    Sort.LANGUAGES,
    Sort.FLAG,
    Sort.NUMBER,
    Sort.WORDS,
    Sort.MAPPING,
    Sort.LIST,
    Sort.ANY,
)

TYPES = ("text", "integer", "number", "money", "percent", "boolean", "date", "multi", "long_text")
LANGUAGES = ("en", "nl")

_LABEL = Key(L, "what people call it, per language")
_OF = Key(W, "whose question it is: the account's own, or its whole group's", one_of=("account", "group"))
_APPLIES = Key(F, "for whom the question arises; for all others the answer is 'not applicable'")

FACT_VERBS = ("sum", "count", "min", "max", "mean", "median", "variance", "any", "all", "distinct")
FIGURE_VERBS = ("sum", "count", "mean", "min", "max", "gini")

SHAPES: dict[str, Shape] = {
    "file": {
        "version": Key(N, "version of the rule language: 1", required=True),
        "about": Key(L, "what this file is about"),
        "parameters": Key(M, "numbers, words and switches a person may change", inside="parameter"),
        "expects": Key(M, "names another file may define; without it they are 'not configured'", inside="expected"),
        "tables": Key(M, "tables beside the CRM: [tables.NAME] of the settings", inside="table"),
        "fields": Key(M, "names for columns of the account", inside="field"),
        "fill": Key(M, "account columns and the name that fills them where the CRM has none"),
        "facts": Key(M, "one value from the related records", inside="fact"),
        "values": Key(M, "formulas over fields, facts and other values", inside="value"),
        "population": Key(M, "figures of everybody together", inside="figure"),
        "models": Key(M, "first_match, score, bands, matrix, formula", inside="model"),
        "signals": Key(M, "facts that can lead to a NO, with their own line for going off", inside="signal"),
        "decision": Key(M, "say-no and watch rules, and what protects from a NO"),
        "warnings": Key(M, "codes shown beside an account while their condition holds", inside="warning"),
        "missing": Key(M, "what is reported as missing, and when", inside="missing"),
        "outputs": Key(M, "properties written back to the CRM", inside="output"),
        "texts": Key(M, "sentences per language, with {placeholders}", inside="text"),
        "checks": Key(I, "what must hold between parameters", inside="check"),
        "examples": Key(I, "worked examples; 'rules test' runs them", inside="example"),
    },
    "parameter": {
        "default": Key(
            A, "the value in force unless settings or --set say otherwise; null is 'not configured'", required=True
        ),
        "type": Key(W, "type of the value, where the default does not tell", one_of=TYPES),
        "many": Key(B, "the value is a list; numbers may be written as ranges, like 10-33"),
        "one_of": Key(S, "the words allowed"),
        "min": Key(N, "least value allowed"),
        "max": Key(N, "greatest value allowed"),
        "meaning": Key(T, "what it does"),
    },
    "expected": {
        "type": Key(W, "type of the value", required=True, one_of=TYPES),
        "one_of": Key(S, "the texts it may have"),
    },
    "table": {
        "columns": Key(M, "its columns and their types, like amount: money", required=True),
        "label": _LABEL,
    },
    "field": {
        "from": Key(W, "the column: account.NAME", required=True),
        "type": Key(W, "type of the column; known for the columns of the catalogue", one_of=TYPES),
        "one_of": Key(S, "the texts allowed; any other counts as missing"),
        "of": _OF,
        "pick": Key(W, "which member's value stands for the group", one_of=("first", "latest", "parent")),
        "label": _LABEL,
    },
    "fact": {
        **{verb: Key(F, f"{verb} over the records: TABLE.COLUMN, or a formula with 'over'") for verb in FACT_VERBS},
        "over": Key(W, "the related records: deals, tickets, activities, members, referred, or a table beside the CRM"),
        "where": Key(F, "which records count"),
        "gaps": Key(B, "take the days between neighbouring dates instead of the dates"),
        "of": _OF,
        "label": _LABEL,
    },
    "value": {
        "is": Key(F, "the formula", required=True),
        "type": Key(W, "type of the value, where money should be a number or the other way round", one_of=TYPES),
        "of": _OF,
        "label": _LABEL,
    },
    "figure": {
        **{verb: Key(F, f"{verb} of this value over everybody") for verb in FIGURE_VERBS},
        "among": Key(F, "who counts"),
        "by": Key(S, "a figure for each combination of these"),
        "label": _LABEL,
    },
    "first_match": {
        "kind": Key(W, "first_match: the first rule that holds gives the answer", required=True),
        "applies": _APPLIES,
        "rules": Key(I, "the rules, in order; the last one is 'otherwise'", required=True, inside="rule"),
        "on_unknown": Key(W, "an undecidable rule makes the answer unknown, or is skipped", one_of=("unknown", "skip")),
        "options": Key(S, "the answers, where they come from formulas"),
        "label": _LABEL,
    },
    "rule": {
        "id": Key(W, "name of the rule, for explanations"),
        "when": Key(F, "the condition"),
        "then": Key(W, "the answer: a word, or 'unknown', or 'not_applicable'"),
        "value": Key(F, "the answer: a formula"),
        "otherwise": Key(W, "the answer when no rule holds: a word, 'unknown' or 'not_applicable'"),
    },
    "score": {
        "kind": Key(W, "score: points for each criterion", required=True),
        "applies": _APPLIES,
        "criteria": Key(M, "the criteria; their weights add up to 100", required=True, inside="criterion"),
        "coverage": Key(W, "name for the weights of the criteria that have a value"),
        "label": _LABEL,
    },
    "criterion": {
        "weight": Key(F, "points when it matches fully", required=True),
        "of": Key(F, "the value judged; unknown or not applicable: no points, not covered"),
        "full": Key(F, "when it counts fully"),
        "half": Key(F, "when it counts half"),
        "map": Key(M, "share of the weight per answer of 'of', like high: 100%"),
        "bands": Key(I, "share of the weight from a value on: - {from: 100, share: 50%}", inside="step"),
    },
    "step": {
        "from": Key(F, "least value", required=True),
        "share": Key(F, "share of the weight, like 50%", required=True),
    },
    "bands": {
        "kind": Key(W, "bands: rank everybody and cut by shares of their number", required=True),
        "by": Key(F, "the value ranked, highest first", required=True),
        "among": Key(F, "who is ranked"),
        "bands": Key(I, "from the top down; the last one takes the rest", required=True, inside="band"),
        "stick": Key(F, "buffer around each line while the previous level is known, like 10%"),
        "previous": Key(F, "the previous level; without it the output of this model tells, as an earlier run left it"),
        "last": Key(F, "who ranks behind all others, always in the last band"),
        "counted": Key(F, "who counts in the number that shares are of without being ranked"),
        "computed": Key(W, "name for the level without the buffer"),
        "rank": Key(W, "name for the rank"),
        "count": Key(W, "name for the number that shares are of"),
        "lines": Key(M, "names for the lines under the bands"),
        "label": _LABEL,
    },
    "band": {
        "then": Key(W, "the level", required=True),
        "next": Key(F, "its share of the number, like 4%"),
    },
    "matrix": {
        "kind": Key(W, "matrix: two questions, one answer per pair", required=True),
        "applies": _APPLIES,
        "rows": Key(M, "the first question: {name, high: condition} or {name, of: a text}", required=True),
        "columns": Key(M, "the second question", required=True),
        "cells": Key(M, "answer per ROW_COLUMN, like high_low: large", required=True),
        "label": _LABEL,
    },
    "axis": {
        "name": Key(T, "what the axis is called"),
        "high": Key(F, "when it is high; low otherwise"),
        "of": Key(F, "a text whose answers are the positions on the axis"),
        "unknown": Key(W, "'allowed' when the cells answer for an unknown position too", one_of=("allowed",)),
    },
    "formula": {
        "kind": Key(W, "formula: a sum, product, ratio, or any formula, with guards", required=True),
        "applies": _APPLIES,
        "is": Key(F, "the formula"),
        "sum": Key(I, "formulas added up"),
        "product": Key(I, "formulas multiplied"),
        "ratio": Key(I, "two formulas: the first divided by the second"),
        "at_least": Key(F, "lower limit"),
        "at_most": Key(F, "upper limit"),
        "label": _LABEL,
    },
    "signal": {
        "on": Key(F, "when it is raised", required=True),
        "off": Key(F, "when it is cleared, if it was on; without it: when 'on' no longer holds"),
        "was": Key(
            F, "whether it was on before; without it the output `from: signals_on` tells, as an earlier run left it"
        ),
        "not_while": Key(F, "while this holds it stays off"),
        "applies": Key(F, "for whom the question arises; for all others it is off, whatever it was"),
        "label": _LABEL,
    },
    "decision": {
        "applies": Key(F, "for whom a decision is made; all others are clear"),
        "unknown_when": Key(F, "when a NO would rest on missing data"),
        "force": Key(M, "what a person decided: {say_no: condition, clear: condition, reason: CODE}"),
        "say_no": Key(M, "the rules for a NO", inside="verdict_rule"),
        "watch": Key(M, "the rules for reconsidering", inside="verdict_rule"),
        "protect": Key(M, "what turns a NO into reconsidering", inside="protection"),
        "cause": Key(S, "the order in which rules are named as the cause"),
    },
    "force": {
        "say_no": Key(F, "a person said NO"),
        "clear": Key(F, "a person said: no objection"),
        "reason": Key(W, "the code of a forced NO among the reasons"),
        "label": _LABEL,
    },
    "verdict_rule": {
        "when": Key(F, "the condition", required=True),
        "held_back": Key(F, "a policy under which the rule is listed, and counts as reconsider only"),
        "text": Key(W, "the sentence that tells it"),
        "label": _LABEL,
    },
    "protection": {
        "when": Key(F, "the condition", required=True),
        "label": _LABEL,
    },
    "warning": {
        "when": Key(F, "the condition", required=True),
        "label": _LABEL,
    },
    "missing": {
        "when": Key(F, "when it is missing where it is needed", required=True),
        "label": Key(L, "what people call it; default: the label of the name"),
    },
    "output": {
        "from": Key(F, "the value written"),
        "applies": Key(F, "for whom it is written; empty for all others"),
        "say": Key(
            I, "sentences in order: a text, {first: [texts]}, or {all: [texts]}; 'prefix.*' takes all of a prefix"
        ),
        "limit": Key(N, "longest text in characters"),
        "join": Key(T, "what stands between sentences"),
        "type": Key(W, "type of the property, where the value does not tell", one_of=TYPES),
        "decimals": Key(N, "decimals of a number"),
        "label": Key(L, "name of the property", required=True),
        "options": Key(M, "the values of a picklist with their labels, in order"),
        "options_of": Key(W, "another output that has the same options"),
        "core": Key(B, "exists even while its data is not connected"),
        "written": Key(B, "false: people fill it, it is never written"),
        "follows": Key(B, "rides along with another change, never causes one"),
        "ranked": Key(B, "the options stand best first; of an amount, less is worse"),
        "on_deals": Key(W, "property of open deals that mirrors it"),
    },
    "check": {
        "that": Key(F, "the condition, over parameters only", required=True),
        "say": Key(T, "what is wrong when it does not hold", required=True),
    },
    "text": {
        "when": Key(F, "when it is said"),
        "with": Key(M, "what a placeholder shows, where it is not the value of that name", inside="placeholder"),
        "en": Key(T, "English", required=True),
        "nl": Key(T, "Dutch", required=True),
    },
    "placeholder": {
        "of": Key(F, "the value"),
        "say": Key(W, "another text, or the first of 'prefix.*' that holds"),
        "as": Key(
            W,
            "how it is written",
            one_of=("text", "money", "cents", "exact", "percent", "date", "whole", "decimal1", "label"),
        ),
        "labels": Key(M, "a text per answer and language"),
        "labels_of": Key(W, "the output whose option labels are shown"),
    },
    "example": {
        "name": Key(T, "what the example shows", required=True),
        "as_of": Key(A, "the date of evaluation"),
        "needs": Key(S, "names of other files it is about; without them it is not run"),
        "set": Key(M, "parameters for this example"),
        "given": Key(M, "records: account or accounts, deals, tickets, activities, currency_rates", required=True),
        "expect": Key(M, "outputs or names, per account where there are several", required=True),
    },
}
SHAPES["model"] = {"kind": Key(W, "first_match, score, bands, matrix or formula", required=True)}

MODEL_KINDS = ("first_match", "score", "bands", "matrix", "formula")
SHORT: dict[str, str] = {
    "parameter": "default",
    "expected": "type",
    "value": "is",
    "protection": "when",
    "warning": "when",
    "missing": "when",
    "placeholder": "of",
}
"""Shapes that may be written short: `name: value` instead of `name: {key: value}`."""
