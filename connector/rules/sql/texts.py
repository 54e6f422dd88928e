"""Texts in SQL: sentences with amounts, dates and labels as people write them (domain.md 6.4)."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from connector.model.fields import Type
from connector.model.numbers import SYMBOLS
from connector.rules.sql import logic
from connector.rules.sql import words as w
from connector.rules.styles import Style
from connector.rules.tree import Placeholder, Say, Sentence
from connector.rules.walk import NUMERIC, type_of
from connector.rules.wording import UNKNOWN_WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.rules.sql.render import Renderer
    from connector.rules.sql.words import Rendered, Sql
    from connector.rules.tree import Expression

DATES = frozenset({Type.DATE, Type.TIMESTAMP})


def say(render: Renderer, node: Say) -> Sql:
    """The text; empty when nothing is said, never NULL."""
    if node.first or node.limit is not None or len(node.sentences) == 1:
        return w.call("COALESCE", _told(render, node), w.text(""))
    told = w.call("CONCAT_WS", w.text(node.join), *_pieces(render, node))
    return told if node.when is None else logic.cases([(render.truth(node.when), told)], w.text(""))


def _told(render: Renderer, node: Say) -> Sql:
    """The text, NULL when nothing is said."""
    pieces = _pieces(render, node)
    if node.first:
        pieces = pieces if len(pieces) == 1 else [w.call("COALESCE", *pieces)]
    if node.limit is not None:
        fitted = w.call("FITTING", w.listed(pieces), w.text(node.join), w.number(node.limit))
        told = w.call("NULLIF", fitted, w.text(""))
    elif len(pieces) == 1:
        told = pieces[0]
    elif any(_always(render, Say((sentence,))) for sentence in node.sentences):
        told = w.call("CONCAT_WS", w.text(node.join), *pieces)
    else:  # NULL when every piece is; a NULLIF around CONCAT_WS would have the database work it out twice
        told = w.call("LIST_AGGREGATE", w.listed(pieces), w.text("string_agg"), w.text(node.join))
    return told if node.when is None else logic.cases([(render.truth(node.when), told)], None)


def _pieces(render: Renderer, node: Say) -> list[Sql]:
    return [_piece(render, sentence) for sentence in node.sentences]


def has(multi: Sql, code: Sql) -> Sql:
    """Whether a multi-select, its options joined by `;`, holds the option."""
    listed = w.two(w.two(w.text(";"), "||", multi), "||", w.text(";"))
    return w.call("CONTAINS", listed, w.two(w.two(w.text(";"), "||", code), "||", w.text(";")))


def _piece(render: Renderer, sentence: Sentence | Say) -> Sql:
    """One sentence, NULL when it is left out or empty."""
    if isinstance(sentence, Say):
        return _told(render, sentence)
    if _hollow(render, sentence):
        parts = [_part(render, part) for part in sentence.parts[render.givens.language]]
        said = reduce(lambda before, part: w.two(before, "||", part), parts)
    else:
        written = _merged(_spliced(render, sentence))
        parts = [_part(render, part) for part in written]
        said = parts[0] if len(parts) == 1 else w.call("CONCAT", *parts)
        if not any(isinstance(part, str) and part for part in written):
            said = w.call("NULLIF", said, w.text(""))
    return said if sentence.when is None else logic.cases([(render.truth(sentence.when), said)], None)


def _spliced(render: Renderer, sentence: Sentence) -> Iterator[str | Placeholder]:
    """The pieces, those of texts inside it that are always said in their place: one CONCAT, not one in another."""
    for piece in sentence.parts[render.givens.language]:
        text = piece.value if isinstance(piece, Placeholder) else None
        inner = _always(render, text) if isinstance(text, Say) else None
        yield from [piece] if inner is None else inner


def _always(render: Renderer, node: Say) -> list[str | Placeholder] | None:
    """What is said whatever the data; None where that depends on them."""
    if node.limit is not None or not _sure(render, node.when):
        return None
    found: list[str | Placeholder] = []
    for number, sentence in enumerate(node.sentences[:1] if node.first else node.sentences):
        if not _sure(render, sentence.when):
            return None
        inner = _always(render, sentence) if isinstance(sentence, Say) else list(_spliced(render, sentence))
        if inner is None or (isinstance(sentence, Sentence) and _hollow(render, sentence)):
            return None
        found += [node.join, *inner] if number else inner
    return found


def _hollow(render: Renderer, sentence: Sentence) -> bool:
    """Whether a sentence may be left out for a text inside it that is empty."""
    inside = (piece.value for piece in sentence.parts[render.givens.language] if isinstance(piece, Placeholder))
    return sentence.encloses and any(isinstance(text, Say) and _always(render, text) is None for text in inside)


def _sure(render: Renderer, when: Expression | None) -> bool:
    return logic.known_truth(render.truth(when)) is True


def _merged(pieces: Iterable[str | Placeholder]) -> list[str | Placeholder]:
    """Texts side by side as one."""
    merged: list[str | Placeholder] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def _part(render: Renderer, part: str | Placeholder) -> Sql:
    if isinstance(part, str):
        return w.text(part)
    if isinstance(part.value, Say):
        return _told(render, part.value)
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
            whole = w.cast(w.call("ROUND", _rounded(value, 2), w.number(0)), "BIGINT")
            sign = SYMBOLS.get(render.givens.home_currency, f"{render.givens.home_currency} ")
            name, sign = ("MONEY_TEXT_NL", sign.strip()) if dutch else ("MONEY_TEXT_EN", sign)
            return w.call(name, whole, w.text(sign))
        case Style.CENTS:
            sign = SYMBOLS.get(render.givens.home_currency, f"{render.givens.home_currency} ")
            name, sign = ("CENTS_TEXT_NL", sign.strip()) if dutch else ("CENTS_TEXT_EN", sign)
            return w.call(name, _rounded(value, 2), w.text(sign))
        case Style.EXACT:
            return _pointed(_exact(value), dutch=dutch)
        case Style.PERCENT:
            return w.two(_one_decimal(w.two(_rounded(value, 4), "*", w.number(100)), dutch=dutch), "||", w.text("%"))
        case Style.DECIMAL_1:
            return _one_decimal(value.value, dutch=dutch)
        case _:
            return w.cast(w.exact(w.call("ROUND", value.value, w.number(0)), 0), "VARCHAR")


def _exact(value: Rendered) -> Sql:
    if not value.scale:
        return w.cast(value.value, "VARCHAR")
    return w.call("NUMBER_TEXT", _rounded(value, 4))


def _rounded(value: Rendered, decimals: int) -> Sql:
    rounded = value.value if value.scale <= decimals else w.call("ROUND", value.value, w.number(decimals))
    return w.exact(rounded, decimals)


def _one_decimal(value: Sql, *, dutch: bool) -> Sql:
    return _pointed(w.cast(w.exact(w.call("ROUND", value, w.number(1)), 1), "VARCHAR"), dutch=dutch)


def _pointed(written: Sql, *, dutch: bool) -> Sql:
    return w.call("REPLACE", written, w.text("."), w.text(",")) if dutch else written


def _label(value: Sql, part: Placeholder, language: str) -> Sql:
    labels = (part.labels or {}).get(language, {})
    if type_of(part.value) is Type.MULTI:
        return w.call("LABELLED", value, *(w.listed(map(w.text, words)) for words in (labels, labels.values())))
    named = (f"WHEN {w.text(option)} THEN {w.text(label)}" for option, label in labels.items())
    return w.Sql(f"CASE {value} {' '.join(named)} ELSE {value} END") if labels else value
