"""Texts in SQL: sentences with amounts, dates and labels as people write them (domain.md 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from connector.model.fields import Type
from connector.rules import sql_words as w
from connector.rules.tree import Placeholder, Say, Style
from connector.rules.walk import NUMERIC, type_of

if TYPE_CHECKING:
    from sqlglot.expressions import Expr as Sql

    from connector.rules.sql import Renderer
    from connector.rules.sql_words import Rendered
    from connector.rules.tree import Sentence

UNKNOWN_WORD = {"en": "unknown", "nl": "onbekend"}


def say(render: Renderer, node: Say) -> Sql:
    """The text; empty when nothing is said, never NULL."""
    pieces = [_piece(render, sentence) for sentence in node.sentences]
    if node.first:
        said = w.call("COALESCE", *pieces, w.text(""))
        said = (
            w.call("FITTING", exp.Array(expressions=[said]), w.text(""), w.number(node.limit)) if node.limit else said
        )
    elif node.limit is None:
        said = w.call("CONCAT_WS", w.text(node.join), *pieces)
    else:
        said = w.call("FITTING", exp.Array(expressions=pieces), w.text(node.join), w.number(node.limit))
    return said if node.when is None else w.cases([(render.truth(node.when), said)], w.text(""))


def has(multi: Sql, code: Sql) -> Sql:
    """Whether a multi-select, its options joined by `;`, holds the option."""
    listed = w.two(w.two(w.text(";"), "||", multi), "||", w.text(";"))
    return w.call("CONTAINS", listed, w.two(w.two(w.text(";"), "||", code), "||", w.text(";")))


def _piece(render: Renderer, sentence: Sentence | Say) -> Sql:
    """One sentence, NULL when it is left out."""
    if isinstance(sentence, Say):
        return w.call("NULLIF", say(render, sentence), w.text(""))
    parts = [_part(render, part) for part in sentence.parts[render.givens.language]]
    said = w.call("CONCAT", *parts) if parts else w.text("")
    return said if sentence.when is None else w.cases([(render.truth(sentence.when), said)], None)


def _part(render: Renderer, part: str | Placeholder) -> Sql:
    if isinstance(part, str):
        return w.text(part)
    language = render.givens.language
    value = render(part.value)
    written = _written(value, part, render)
    return written if value.sure and value.off is None else w.call("COALESCE", written, w.text(UNKNOWN_WORD[language]))


def _written(value: Rendered, part: Placeholder, render: Renderer) -> Sql:
    dutch = render.givens.language == "nl"
    match part.style:
        case Style.WHOLE_MONEY:
            whole = w.cast(w.call("ROUND", value.value, w.number(0)), "BIGINT")
            return w.call(
                "MONEY_TEXT_NL" if dutch else "MONEY_TEXT_EN", whole, w.text(sign_of(render.givens.home_currency))
            )
        case Style.PERCENT:
            return w.call("CONCAT", _one_decimal(w.two(value.value, "*", w.number(100)), dutch=dutch), w.text("%"))
        case Style.DECIMAL_1:
            return _one_decimal(value.value, dutch=dutch)
        case Style.WHOLE:
            return w.cast(w.exact(w.call("ROUND", value.value, w.number(0)), 0), "VARCHAR")
        case Style.DATE:
            return w.call("DAY_TEXT_NL", value.value) if dutch else w.cast(value.value, "VARCHAR")
        case Style.LABEL:
            return _label(value.value, part, render.givens.language)
        case _:
            return plain(value.value, type_of(part.value), value.scale)


def sign_of(currency: str) -> str:
    """The sign people write before an amount; the ISO code where there is no sign of its own."""
    return {"EUR": "€", "USD": "$", "GBP": "£"}.get(currency, currency)


def plain(value: Sql, kind: Type, scale: int) -> Sql:
    """Canonical text (model.changes.Change): no needless zeros, ISO dates, true and false."""
    if kind in NUMERIC:
        return w.call("NUMBER_TEXT", w.exact(value, scale)) if scale else w.cast(value, "VARCHAR")
    return value if kind in (Type.TEXT, Type.LONG_TEXT, Type.MULTI) else w.cast(value, "VARCHAR")


def _one_decimal(value: Sql, *, dutch: bool) -> Sql:
    written = w.cast(w.exact(w.call("ROUND", value, w.number(1)), 1), "VARCHAR")
    return w.call("REPLACE", written, w.text("."), w.text(",")) if dutch else written


def _label(value: Sql, part: Placeholder, language: str) -> Sql:
    labels = (part.labels or {}).get(language, {})
    if type_of(part.value) is Type.MULTI:
        each = [w.cases([(has(value, w.text(option)), w.text(label))], None) for option, label in labels.items()]
        return w.call("CONCAT_WS", w.text(", "), *each)
    named = [(w.two(value, "=", w.text(option)), w.text(label)) for option, label in labels.items()]
    return w.cases(named, value)
