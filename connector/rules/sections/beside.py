"""Tables beside the CRM: their columns, and account fields that are filled from them where the CRM has none.

A filled field becomes "the CRM's cell, else the name that fills it", account by account; a field of the group
then picks among its members as it did before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from connector.model.fields import Table, Type
from connector.rules.binding.declare import add, formula_node
from connector.rules.columns import Column, columns_of
from connector.rules.ruleset import FROM_CRM, Aggregate, FactOf, FieldOf, Node, Of, Pick, Relation
from connector.rules.syntax.document import Leaf
from connector.rules.syntax.forms import read_word
from connector.rules.syntax.shapes import TYPES
from connector.rules.tree import (
    Branch,
    Call,
    Case,
    Compare,
    Expression,
    Function,
    KnownTest,
    Literal,
    Name,
    Scope,
    State,
    Test,
    Unknown,
)
from connector.rules.walk import family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.rules.binding.declare import Declaration
    from connector.rules.binding.names import Names
    from connector.rules.syntax.document import Value
    from connector.rules.syntax.forms import Form

TAKEN = frozenset({*Table, *Relation, "account", "group"})
"""Names a table beside the CRM cannot have."""
PICKS = {Pick.FIRST: Aggregate.FIRST, Pick.LATEST: Aggregate.MAX, Pick.PARENT: Aggregate.PARENT}


def read_table(name: Leaf, form: Form) -> dict[str, Column]:
    """Read a table's columns."""
    if name.text in TAKEN or "." in name.text:
        form.problems.add(name.at, f"'{name.text}' cannot be the name of a table", "the CRM's own tables have it")
    columns: dict[str, Column] = {}
    for column, value in form.mapping("columns"):
        if not isinstance(value, Leaf):
            form.problems.add(value.at, "the type of a column is one word", "like amount: money")
        elif read_word(column, form.problems) and read_word(value, form.problems, allowed=TYPES):
            columns[column.text] = Column(Type(value.text))
    return columns


def read_fill(column: Leaf, value: Value, names: Names) -> None:
    """Read what fills a column of the account."""
    if not isinstance(value, Leaf):
        names.problems.add(value.at, "a column is filled by one name", "write COLUMN: NAME")
    elif read_word(value, names.problems):
        names.fills[column.text] = (value.text, value.at)


def fill_fields(declarations: Iterable[Declaration], names: Names) -> list[Declaration]:
    """Let every field of a filled column wait for what fills it; notes a column or name that does not exist."""
    found = list(declarations)
    columns = {d.column for d in found if d.column} | columns_of(Table.ACCOUNTS).keys()
    known = {name for declaration in found for name in declaration.names}
    for column, (name, at) in names.fills.items():
        if column not in columns:
            names.problems.undefined(at, "column of the account", column, columns)
        if name not in known:
            names.problems.undefined(at, "name", name, known)
    return [replace(d, uses=d.uses | {names.fills[d.column][0]}) if d.column in names.fills else d for d in found]


def filled(node: Node, names: Names) -> list[Node]:
    """Give a field's node; of a filled column, those that take what fills it where the CRM has none."""
    field = node.definition
    if not isinstance(field, FieldOf) or field.column not in names.fills:
        return [node]
    source, at = names.fills[field.column]
    if source not in names.nodes:
        names.broken.add(node.name)  # the mistake is noted where it was made
        return []
    given = names.nodes[source]
    if family(given.type) != family(node.type):
        names.problems.add(at, f"'{source}' is a {family(given.type)}, account.{field.column} a {family(node.type)}")
        return []
    if given.of is Of.GROUP:
        names.problems.add(at, f"'{source}' is of the group", "a column is filled account by account")
        return []
    return _filled(node, field, given, names)


def _filled(node: Node, field: FieldOf, given: Node, names: Names) -> list[Node]:
    alone = node.of is Of.ACCOUNT and field.pick is None
    cell = replace(node, name=f"{FROM_CRM}{node.name}", of=Of.ACCOUNT, definition=replace(field, pick=None))
    other = _among(Name(given.name, given.type), node) if node.options else Name(given.name, given.type)
    made = add(names, [cell])
    both = Call(Function.COALESCE, (Name(cell.name, node.type), other), node.type)
    own = node.name if alone else f"_own_{node.name}"
    made += formula_node(
        names, own, both, at=node.at, kind=node.type, options=node.options, label=node.meaning, of=Of.ACCOUNT
    )
    return made if alone else [*add(names, made), _picked(node, field, own)]


def _among(name: Name, node: Node) -> Expression:
    """Of a text with options only these count, as of a cell of the CRM."""
    words = [Literal(option, Type.TEXT) for option in node.options]
    branches = tuple(Branch(Compare(Test.EQ, name, word, fold=True), word) for word in words)
    return Case(branches, Unknown(Type.TEXT), Type.TEXT)


def _picked(node: Node, field: FieldOf, own: str) -> Node:
    value = Name(own, node.type, Scope.ROW)
    aggregate = PICKS[field.pick or Pick.FIRST]
    fact = FactOf(aggregate, Relation.MEMBERS, value, KnownTest(value, State.KNOWN))
    return replace(node, definition=fact, depends=(own,))
