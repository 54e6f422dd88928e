"""Texts in SQL: sentences with amounts, dates and labels as people write them (domain.md 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.rules import sql_logic as logic
from connector.rules import sql_words as w
from connector.rules.styles import Style
from connector.rules.tree import Placeholder, Say
from connector.rules.walk import NUMERIC, type_of
from connector.rules.wording import SYMBOLS, UNKNOWN_WORD

if TYPE_CHECKING:
    from connector.rules.sql import Renderer
    from connector.rules.sql_words import Rendered, Sql
    from connector.rules.tree import Sentence

DATES = frozenset({Type.DATE, Type.TIMESTAMP})


def say(render: Renderer, node: Say) -> Sql:
    """The text; empty when nothing is said, never NULL."""
    return w.call("COALESCE", _told(render, node), w.text(""))


def _told(render: Renderer, node: Say) -> Sql:
    """The text, NULL when nothing is said."""
    pieces = [_piece(render, sentence) for sentence in node.sentences]
    if node.first:
        pieces = pieces if len(pieces) == 1 else [w.call("COALESCE", *pieces)]
    if node.limit is not None:
        fitted = w.call("FITTING", w.listed(pieces), w.text(node.join), w.number(node.limit))
        told = w.call("NULLIF", fitted, w.text(""))
    elif len(pieces) == 1:
        told = pieces[0]
    else:
        told = w.call("NULLIF", w.call("CONCAT_WS", w.text(node.join), *pieces), w.text(""))
    return told if node.when is None else logic.cases([(render.truth(node.when), told)], None)


def has(multi: Sql, code: Sql) -> Sql:
    """Whether a multi-select, its options joined by `;`, holds the option."""
    listed = w.two(w.two(w.text(";"), "||", multi), "||", w.text(";"))
    return w.call("CONTAINS", listed, w.two(w.two(w.text(";"), "||", code), "||", w.text(";")))


def _piece(render: Renderer, sentence: Sentence | Say) -> Sql:
    """One sentence, NULL when it is left out or empty."""
    if isinstance(sentence, Say):
        return _told(render, sentence)
    written = sentence.parts[render.givens.language]
    parts = [_part(render, part) for part in written]
    said = parts[0] if len(parts) == 1 else w.call("CONCAT", *parts)
    if not any(isinstance(part, str) and part for part in written):
        said = w.call("NULLIF", said, w.text(""))
    return said if sentence.when is None else logic.cases([(render.truth(sentence.when), said)], None)


def _part(render: Renderer, part: str | Placeholder) -> Sql:
    if isinstance(part, str):
        return w.text(part)
    language = render.givens.language
    value = render(part.value)
    written = _written(value, part, render)
    if value.sure and value.off is None:
        return written
    word = (part.labels or {}).get(language, {}).get("unknown") or UNKNOWN_WORD[language]
    return w.call("COALESCE", written, w.text(word))


def _written(value: Rendered, part: Placeholder, render: Renderer) -> Sql:
    dutch, kind = render.givens.language == "nl", type_of(part.value)
    if kind in DATES:
        return w.call("DAY_TEXT_NL", value.value) if dutch else w.cast(value.value, "VARCHAR")
    if part.style is Style.LABEL:
        return _label(value.value, part, render.givens.language)
    if kind not in NUMERIC:
        return value.value
    match part.style:
        case Style.WHOLE_MONEY:
            whole = w.cast(w.call("ROUND", value.value, w.number(0)), "BIGINT")
            sign = SYMBOLS.get(render.givens.home_currency, f"{render.givens.home_currency} ")
            name, sign = ("MONEY_TEXT_NL", sign.strip()) if dutch else ("MONEY_TEXT_EN", sign)
            return w.call(name, whole, w.text(sign))
        case Style.PERCENT:
            return w.two(_one_decimal(w.two(value.value, "*", w.number(100)), dutch=dutch), "||", w.text("%"))
        case Style.DECIMAL_1:
            return _one_decimal(value.value, dutch=dutch)
        case _:
            return w.cast(w.exact(w.call("ROUND", value.value, w.number(0)), 0), "VARCHAR")


def _one_decimal(value: Sql, *, dutch: bool) -> Sql:
    written = w.cast(w.exact(w.call("ROUND", value, w.number(1)), 1), "VARCHAR")
    return w.call("REPLACE", written, w.text("."), w.text(",")) if dutch else written


def _label(value: Sql, part: Placeholder, language: str) -> Sql:
    labels = (part.labels or {}).get(language, {})
    if type_of(part.value) is Type.MULTI:
        return w.call("LABELLED", value, *(w.listed(map(w.text, words)) for words in (labels, labels.values())))
    named = (f"WHEN {w.text(option)} THEN {w.text(label)}" for option, label in labels.items())
    return w.Sql(f"CASE {value} {' '.join(named)} ELSE {value} END") if labels else value
