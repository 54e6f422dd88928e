"""Facts: one value per account from its related records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model.fields import Table, Type
from connector.model.meant import near
from connector.rules.binding.declare import Declaration
from connector.rules.binding.resolve import Resolver
from connector.rules.columns import Column, columns_of
from connector.rules.ruleset import OVER_ACCOUNTS, Aggregate, FactOf, Node, Of, Relation
from connector.rules.states import fact_may_be_unknown
from connector.rules.syntax.shapes import FACT_VERBS
from connector.rules.tree import Name, Scope
from connector.rules.walk import NUMERIC, POISON, family, type_of, walk
from connector.rules.walk import names as names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.binding.names import Names
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.forms import Form, Formula
    from connector.rules.tree import Expression

RELATIONS = {
    Relation.DEALS: columns_of(Table.DEALS),
    Relation.TICKETS: columns_of(Table.TICKETS),
    Relation.ACTIVITIES: columns_of(Table.ACTIVITIES),
}


def declare_fact(name: Leaf, form: Form) -> Declaration:
    """Read a fact: one verb, over one kind of related records."""
    verbs = [verb for verb in FACT_VERBS if form.has(verb)]
    if len(verbs) != 1:
        form.problems.add(name.at, "a fact needs exactly one of " + ", ".join(FACT_VERBS))
    value = form.formula(verbs[0]) if verbs else None
    where, over = form.formula("where"), form.word("over")
    of, gaps = Of(form.word("of") or Of.ACCOUNT), form.flag("gaps", default=False)
    label = form.languages("label")
    relation = over or (value.term.text.partition(".")[0] if value and value.term.kind == "name" else "")
    used: frozenset[str] = frozenset()
    for formula in (value, where):
        if formula is not None:
            used |= formula.reaches()
            if relation in OVER_ACCOUNTS:
                used |= {name.removeprefix(f"{relation}.") for name in formula.plain()}

    def build(names: Names) -> list[Node]:
        columns = _columns(names, relation, name, value)
        if value is None or columns is None or not verbs:
            names.broken.add(name.text)
            return []
        fact = _Fact(names, columns, relation, bare=over is None)
        return fact.node(name, Aggregate(verbs[0]), value, where, of=of, gaps=gaps, label=label)

    return Declaration((name.text,), "facts", name.at, used, build, "fact", label)


def _columns(names: Names, relation: str, name: Leaf, value: Formula | None) -> dict[str, Column] | None:
    if relation in OVER_ACCOUNTS:
        return {node.name: Column(node.type, node.options) for node in names.nodes.values()}
    if relation in RELATIONS:
        return RELATIONS[Relation(relation)]
    if relation in names.tables:
        return names.tables[relation]
    if value is not None and not (names.problems.unread and relation):
        known = [*RELATIONS, *OVER_ACCOUNTS, *names.tables]
        at = value.leaf.spot(value.term.start, value.term.end - value.term.start)
        names.problems.add(
            at, f"'{name.text}' does not say over which records", near(relation, known) or "write TABLE.COLUMN"
        )
    return None


class _Fact:
    """Builds one fact's node."""

    def __init__(self, names: Names, columns: dict[str, Column], relation: str, *, bare: bool) -> None:
        self.names, self.columns, self.relation, self.bare = names, columns, relation, bare

    def node(
        self,
        name: Leaf,
        verb: Aggregate,
        value: Formula,
        where: Formula | None,
        *,
        of: Of,
        gaps: bool,
        label: dict[str, str],
    ) -> list[Node]:
        what, counted = self._value(value), self._where(where)
        broken = any(part is POISON for part in _parts(what, counted))
        if broken or not self._fits(verb, what, value, gaps=gaps) or not self._asks(of, what, counted):
            self.names.broken.add(name.text)
            return []
        kind = _fact_type(verb, what, gaps=gaps)
        definition = FactOf(verb, self.relation, what, counted, gaps, once=self._of_groups(what))
        unknown = fact_may_be_unknown(definition, self.names.nodes, self.names.parameters)
        return [
            Node(
                name.text,
                kind,
                of,
                definition,
                self._depends(what, counted),
                may_be_unknown=unknown,
                meaning=label,
                at=name.at,
            )
        ]

    def _value(self, value: Formula) -> Expression | None:
        term = value.term
        if self.bare and term.kind == "name":
            column = term.text.partition(".")[2]
            if not column:
                return None
            short = type(term)("name", column, (), term.start + len(self.relation) + 1, term.end)
            return self._resolver(value).expression(short)
        return self._resolver(value).expression(term)

    def _where(self, where: Formula | None) -> Expression | None:
        return None if where is None else self._resolver(where).condition(where.term)

    def _resolver(self, formula: Formula) -> Resolver:
        accounts = self.relation in OVER_ACCOUNTS
        return Resolver(formula.leaf, self.names, self.columns, f"column of {self.relation}", accounts)

    def _fits(self, verb: Aggregate, what: Expression | None, value: Formula, *, gaps: bool) -> bool:
        at = value.leaf.at
        if what is None:
            if verb in {Aggregate.COUNT, Aggregate.ANY}:
                return True
            self.names.problems.add(at, f"'{verb}' needs a value", f"write {self.relation}.COLUMN")
            return False
        found = family(type_of(what))
        wanted = {Aggregate.ANY: {"true/false"}, Aggregate.ALL: {"true/false"}}.get(verb, {"number"})
        if verb in {Aggregate.MIN, Aggregate.MAX}:
            wanted = {"number", "date", "text"}
        if verb in {Aggregate.COUNT, Aggregate.DISTINCT}:
            return True
        if found not in ({"date"} if gaps else wanted):
            self.names.problems.add(at, f"'{verb}' of a {found}{' with gaps' if gaps else ''} makes no sense")
            return False
        return True

    def _asks(self, of: Of, *expressions: Expression | None) -> bool:
        """Tell whether a fact of the group asks nothing of one account: nobody could say whose answer it was.

        A deal, ticket or row of a table is one account's own, and so is the answer there.
        """
        nodes = self.names.nodes
        used = (part for part in _parts(*expressions) if isinstance(part, Name) and part.scope is Scope.ACCOUNT)
        nobodys = of is Of.GROUP and self.relation in OVER_ACCOUNTS
        own = [part for part in used if nobodys and nodes[part.name].of is Of.ACCOUNT]
        for part in own:
            text = f"'{part.name}' is each account's own, and this fact is the group's"
            self.names.problems.add(part.at, text, "gather it per account first, then over members")
        return not own

    def _of_groups(self, what: Expression | None) -> bool:
        if self.relation != Relation.REFERRED:
            return False
        used = [part for part in _parts(what) if isinstance(part, Name) and part.scope is Scope.ROW]
        return bool(used) and all(self.names.nodes[part.name].of is Of.GROUP for part in used)

    def _depends(self, *expressions: Expression | None) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for expression in expressions:
            if expression is not None:
                found |= dict.fromkeys(names_in(expression))
                if self.relation in OVER_ACCOUNTS:
                    found |= dict.fromkeys(names_in(expression, Scope.ROW))
        return tuple(found)


def _parts(*expressions: Expression | None) -> Iterator[Expression]:
    return (part for expression in expressions if expression is not None for part in walk(expression))


def _fact_type(verb: Aggregate, what: Expression | None, *, gaps: bool) -> Type:
    if verb in {Aggregate.ANY, Aggregate.ALL}:
        return Type.BOOLEAN
    if verb in {Aggregate.COUNT, Aggregate.DISTINCT} or what is None:
        return Type.INTEGER
    kind = type_of(what)
    if gaps:
        return Type.INTEGER if verb in {Aggregate.SUM, Aggregate.MIN, Aggregate.MAX} else Type.NUMBER
    if verb in {Aggregate.MEAN, Aggregate.MEDIAN, Aggregate.VARIANCE} and kind in NUMERIC:
        return Type.MONEY if kind is Type.MONEY and verb is not Aggregate.VARIANCE else Type.NUMBER
    return kind
