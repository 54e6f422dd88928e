"""Reads SOQL text to a tree; what is no SOQL is refused with the vendor's MALFORMED_QUERY."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from connector.sandbox.salesforce.answers import malformed
from connector.sandbox.salesforce.soql.tree import (
    AllOf,
    Among,
    AnyOf,
    Compare,
    Function,
    Item,
    Named,
    Not,
    Order,
    Query,
    Subquery,
    Value,
)

if TYPE_CHECKING:
    from lark.tree import Meta

LONGEST = 100_000
"""Characters of a statement."""
LONGEST_TEXT = 4_000
"""Characters of a literal in WHERE."""
GRAMMAR = r"""
start: query
query: _SELECT items _FROM from_ where? group? order? limit? offset? tail*
from_: NAME (_AS? NAME)?
items: item ("," item)*
item: path NAME? -> plain
    | function NAME? -> called
    | "(" query ")" -> children
path: NAME ("." NAME)*
function: NAME "(" path? ")"
where: _WHERE logical
group: _GROUP _BY operand ("," operand)* (_HAVING logical)?
order: _ORDER _BY key ("," key)*
key: operand DIRECTION? NULLS?
limit: _LIMIT INT
offset: _OFFSET INT
tail: _WITH NAME | _FOR NAME | _ALL _ROWS | _USING _SCOPE NAME
?logical: unary
    | unary (_AND unary)+ -> all_
    | unary (_OR unary)+ -> any_
?unary: _NOT unary -> not_
    | "(" logical ")"
    | operand OPERATOR value -> compare
    | operand _LIKE value -> like
    | operand membership "(" value ("," value)* ")" -> among
    | operand membership "(" query ")" -> within
membership: MEMBERSHIP
?operand: path | function
value: STRING -> text
    | NUMBER -> number
    | INT -> number
    | DATE -> day
    | DATETIME -> instant
    | TRUTH -> truth
    | NULL -> null
    | RANGE -> range
_ALL.6: /ALL\b/i
_AND.6: /AND\b/i
_AS.6: /AS\b/i
_BY.6: /BY\b/i
_FOR.6: /FOR\b/i
_FROM.6: /FROM\b/i
_GROUP.6: /GROUP\b/i
_HAVING.6: /HAVING\b/i
_LIKE.6: /LIKE\b/i
_LIMIT.6: /LIMIT\b/i
_NOT.6: /NOT\b/i
_OFFSET.6: /OFFSET\b/i
_OR.6: /OR\b/i
_ORDER.6: /ORDER\b/i
_ROWS.6: /ROWS\b/i
_SCOPE.6: /SCOPE\b/i
_SELECT.6: /SELECT\b/i
_USING.6: /USING\b/i
_WHERE.6: /WHERE\b/i
_WITH.6: /WITH\b/i
MEMBERSHIP.7: /(NOT\s+IN|IN|INCLUDES|EXCLUDES)\b/i
DIRECTION.3: /(ASC|DESC)\b/i
NULLS.3: /NULLS\s+(FIRST|LAST)\b/i
OPERATOR: "<=" | ">=" | "!=" | "<>" | "=" | "<" | ">"
STRING: /'(?:[^'\\]|\\.)*'/
DATETIME.5: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/i
DATE.4: /\d{4}-\d\d-\d\d/
NUMBER.2: /[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?/
INT.3: /\d+(?![\d.eE-])/
TRUTH.3: /(TRUE|FALSE)\b/i
NULL.3: /NULL\b/i
RANGE.2: /(?:TODAY|YESTERDAY|TOMORROW|(?:LAST|THIS|NEXT)_[A-Z0-9_]+|N_[A-Z_]+_AGO)(?::\d+)?/i
NAME: /[A-Za-z][A-Za-z0-9_]*/
%ignore /\s+/
"""
ESCAPES = {"_": "\\_", "%": "\\%", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

"""What a backslash makes of a letter; before a wildcard it stays, for LIKE to see."""


@v_args(inline=True, meta=True)
class _Tree(Transformer[Token, Any]):
    """Makes the nodes; every method is a rule of the grammar."""

    def start(self, _meta: Meta, query: Query) -> Query:
        return query

    def query(self, _meta: Meta, items: tuple[Item, ...], of: dict[str, Any], *clauses: dict[str, Any]) -> Query:
        found: dict[str, Any] = {}
        for clause in clauses:
            found |= clause
        return Query(items=items, **of, **found)

    def from_(self, meta: Meta, name: str, alias: str | None = None) -> dict[str, Any]:
        return {"of": str(name), "alias": str(alias) if alias else None, "at": meta.start_pos}

    def items(self, _meta: Meta, *items: Item) -> tuple[Item, ...]:
        return items

    def plain(self, _meta: Meta, path: Named, alias: str | None = None) -> Item:
        return Item(path, str(alias) if alias else None)

    def called(self, _meta: Meta, function: Function, alias: str | None = None) -> Item:
        return Item(function, str(alias) if alias else None)

    def children(self, _meta: Meta, query: Query) -> Item:
        return Item(Subquery(query))

    def path(self, meta: Meta, *names: str) -> Named:
        return Named(tuple(map(str, names)), meta.start_pos)

    def function(self, meta: Meta, name: str, of: Named | None = None) -> Function:
        return Function(str(name).upper(), of, meta.start_pos)

    def where(self, _meta: Meta, condition: Any) -> dict[str, Any]:
        return {"where": condition}

    def group(self, _meta: Meta, *parts: Any) -> dict[str, Any]:
        by = tuple(part for part in parts if isinstance(part, Named | Function))
        return {"group": by, "having": next((part for part in parts if not isinstance(part, Named | Function)), None)}

    def order(self, _meta: Meta, *keys: Order) -> dict[str, Any]:
        return {"order": keys}

    def key(self, _meta: Meta, by: Named | Function, *words: Token) -> Order:
        said = " ".join(words).upper()
        return Order(by, descending="DESC" in said, nulls_last="LAST" in said)

    def limit(self, _meta: Meta, number: str) -> dict[str, Any]:
        return {"limit": int(number)}

    def offset(self, _meta: Meta, number: str) -> dict[str, Any]:
        return {"offset": int(number)}

    def tail(self, _meta: Meta, *_words: str) -> dict[str, Any]:
        return {}

    def all_(self, _meta: Meta, *parts: Any) -> AllOf:
        return AllOf(parts)

    def any_(self, _meta: Meta, *parts: Any) -> AnyOf:
        return AnyOf(parts)

    def not_(self, _meta: Meta, part: Any) -> Not:
        return Not(part)

    def compare(self, _meta: Meta, left: Named | Function, operator: str, right: Value) -> Compare:
        return Compare(left, "!=" if operator == "<>" else str(operator), right)

    def like(self, _meta: Meta, left: Named | Function, right: Value) -> Compare:
        return Compare(left, "like", right)

    def membership(self, _meta: Meta, words: str) -> str:
        return " ".join(words.lower().split())

    def among(self, _meta: Meta, left: Named | Function, op: str, *values: Value) -> Among:
        return Among(left, op, values)

    def within(self, _meta: Meta, left: Named | Function, op: str, query: Query) -> Among:
        return Among(left, op, query)

    def text(self, _meta: Meta, token: str) -> Value:
        return Value("text", _unescaped(token[1:-1]))

    def number(self, _meta: Meta, token: str) -> Value:
        return Value("number", str(token))

    def day(self, _meta: Meta, token: str) -> Value:
        return Value("day", str(token))

    def instant(self, _meta: Meta, token: str) -> Value:
        return Value("instant", str(token))

    def truth(self, _meta: Meta, token: str) -> Value:
        return Value("truth", str(token).lower())

    def null(self, _meta: Meta, _token: str) -> Value:
        return Value("null", "")

    def range(self, _meta: Meta, token: str) -> Value:
        return Value("range", str(token).upper())


PARSER = Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)
TREE = _Tree()


def parse(text: str) -> Query:
    """Read a query; refuse what is no SOQL."""
    if len(text) > LONGEST:
        raise malformed("SOQL statements cannot be longer than 100000 characters.")
    try:
        return cast("Query", TREE.transform(PARSER.parse(text)))
    except UnexpectedInput as error:
        raise malformed(f"unexpected token: {_offender(error, text)}") from error
    except VisitError as error:
        raise error.orig_exc from error


def _offender(error: UnexpectedInput, text: str) -> str:
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return "'<EOF>'"
    if isinstance(error, UnexpectedToken):
        return str(error.token)
    found = re.compile(r"\w+|.", re.DOTALL).match(text, error.pos_in_stream or 0)
    return found[0] if found else "'<EOF>'"


def _unescaped(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise malformed("The maximum length of a string literal is 4000 characters")
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text)
