"""Fields, values and population figures: what a rule set reads, and what it computes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Table, Type
from connector.model.meant import near
from connector.model.outputs import OURS
from connector.rules.binding.declare import Declaration, formula_node, resolve, uses_of
from connector.rules.columns import EXTRA_ACCOUNT_COLUMNS, NEVER_EMPTY, Column, columns_of
from connector.rules.ruleset import FieldOf, Figure, Node, Of, Pick, PopulationOf
from connector.rules.sections.beside import filled
from connector.rules.syntax.shapes import FIGURE_VERBS
from connector.rules.tree import Literal
from connector.rules.walk import POISON, type_of, walk
from connector.rules.walk import names as names_in

if TYPE_CHECKING:
    from connector.rules.binding.names import Names
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.forms import Form
    from connector.rules.tree import Expression

ACCOUNT_COLUMNS = columns_of(Table.ACCOUNTS)
# ── fields ───────────────────────────────────────────────────────────────────────────────────────


def declare_field(name: Leaf, form: Form) -> Declaration:
    """Read a field; it names nothing, so it is built first."""
    label = form.languages("label")
    origin, kind, one_of = form.word("from"), form.word("type"), form.words("one_of")
    of, pick = Of(form.word("of") or Of.ACCOUNT), form.word("pick")
    leaf = form.leaf("from")

    def build(names: Names) -> list[Node]:
        if origin is None or leaf is None:
            names.broken.add(name.text)
            return []
        table, _, column = origin.partition(".")
        if table != "account" or not column:
            names.problems.add(leaf.at, f"'{origin}' is not a column of the account", "write account.NAME")
            names.broken.add(name.text)
            return []
        known = ACCOUNT_COLUMNS.get(column)
        if known is None and kind is None and not one_of and not column.startswith(OURS):
            hint = near(column, ACCOUNT_COLUMNS) or "a column of your own needs its type, like {type: text}"
            names.problems.add(leaf.at, f"unknown column '{column}'", hint)
        node = _field_node(name, column, known=known, kind=kind, one_of=one_of, of=of, pick=pick, label=label)
        return filled(node, names)

    column = (origin or "").partition(".")[2]
    return Declaration((name.text,), "fields", name.at, frozenset(), build, "field", label, column)


def _field_node(
    name: Leaf,
    column: str,
    *,
    known: Column | None,
    kind: str | None,
    one_of: tuple[str, ...],
    of: Of,
    pick: str | None,
    label: dict[str, str],
) -> Node:
    chosen = Pick(pick) if pick else (Pick.FIRST if of is Of.GROUP else None)
    return Node(
        name=name.text,
        type=Type(kind) if kind else (known.type if known else Type.TEXT),
        of=of,
        definition=FieldOf(column, chosen, lower=bool(one_of) and all(word == word.lower() for word in one_of)),
        depends=(),
        options=one_of,
        may_be_unknown=column not in NEVER_EMPTY | EXTRA_ACCOUNT_COLUMNS.keys(),
        meaning=label,
        at=name.at,
    )


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def declare_value(name: Leaf, form: Form) -> Declaration:
    """Read a value: a formula over the names of the account."""
    formula, kind = form.formula("is"), form.word("type") if form.has("type") else None
    of = form.word("of") if form.has("of") else None
    label = form.languages("label")

    def build(names: Names) -> list[Node]:
        expression = resolve(formula, names)
        if of == Of.GROUP and expression is not POISON and names.of(expression) is Of.ACCOUNT:
            names.problems.add(name.at, f"'{name.text}' is of the group, but uses names of a single account")
        chosen = Type(kind) if kind else None
        return formula_node(
            names, name.text, expression, at=name.at, kind=chosen, label=label, of=Of(of) if of else None
        )

    return Declaration((name.text,), "values", name.at, uses_of(formula), build, "value", label)


# ── population ───────────────────────────────────────────────────────────────────────────────────


def declare_figure(name: Leaf, form: Form) -> Declaration:
    """Read a figure of the whole population."""
    verbs = [verb for verb in FIGURE_VERBS if form.has(verb)]
    if len(verbs) != 1:
        form.problems.add(name.at, "a population figure needs exactly one of " + ", ".join(FIGURE_VERBS))
    value = form.formula(verbs[0]) if verbs else None
    everybody = value is not None and value.term.kind == "name" and value.term.text == "accounts"
    among, by = form.formula("among"), form.words("by")
    label = form.languages("label")
    used = uses_of(among, None if everybody else value) | frozenset(by)

    def build(names: Names) -> list[Node]:
        if value is None or not verbs:
            names.broken.add(name.text)
            return []
        what = None if everybody else resolve(value, names, "" if verbs[0] == "count" else "number")
        who = None if among is None else resolve(among, names, "condition")
        keys = tuple(_key(names, word, form) for word in by)
        return _figure_node(names, name, Figure(verbs[0]), what=what, who=who, keys=keys, label=label)

    return Declaration((name.text,), "population", name.at, used, build, "figure", label)


def _key(names: Names, word: str, form: Form) -> Expression:
    from connector.rules.tree import Name  # noqa: PLC0415 - a name built by hand, only here

    if word in names.nodes:
        return Name(word, names.nodes[word].type, at=form.at)
    if word in names.absent:
        return Literal(None, names.absent[word].type)
    if word not in names.broken:
        names.problems.undefined(form.at, "name", word, names.known())
    return POISON


def _figure_node(
    names: Names,
    name: Leaf,
    figure: Figure,
    *,
    what: Expression | None,
    who: Expression | None,
    keys: tuple[Expression, ...],
    label: dict[str, str],
) -> list[Node]:
    used = [e for e in (what, who, *keys) if e is not None]
    if any(part is POISON for e in used for part in walk(e)):
        names.broken.add(name.text)
        return []
    kind = Type.INTEGER if figure is Figure.COUNT or what is None else type_of(what)
    if figure is Figure.GINI:
        kind = Type.NUMBER
    depends = tuple(dict.fromkeys(found for e in used for found in names_in(e)))
    sure = figure in {Figure.SUM, Figure.COUNT} and not keys
    definition = PopulationOf(figure, what, who, keys)
    node = Node(
        name.text, kind, names.of(*used), definition, depends, may_be_unknown=not sure, meaning=label, at=name.at
    )
    return [node]
