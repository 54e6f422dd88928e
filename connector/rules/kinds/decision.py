"""The decision: say-no and watch rules, what protects, and what a person decided.

Every rule is judged, every hit is listed, the strongest decides (domain.md 5.3-5.5). An undecidable rule is no hit:
nobody gets a NO because data is missing. Defines, besides one true/false name per rule:

- `say_no_reasons`: codes of all hits, and the code of a forced NO;
- `say_no_status`: say_no, watch, clear, or unknown where a NO would rest on missing data;
- `say_no`: true only when the status is say_no;
- `protected_by`: the protections that turned a NO into watch;
- `say_no_hit`: a say-no rule holds, whatever came of it; `watch_hit`: a watch rule holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import Type
from connector.rules.binding.declare import Declaration, add, formula_node, resolve, uses_of
from connector.rules.fold import FALSE
from connector.rules.kinds.common import sure, sure_name
from connector.rules.syntax.document import Keys
from connector.rules.syntax.forms import Form
from connector.rules.tree import And, Branch, Case, Collect, Compare, Entry, Literal, Name, Not, Or, Test, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.binding.names import Names
    from connector.rules.ruleset import Node
    from connector.rules.syntax.document import Leaf
    from connector.rules.syntax.forms import Formula
    from connector.rules.syntax.problems import Problems
    from connector.rules.tree import Expression, Position

GIVES = ("say_no_hit", "watch_hit", "say_no_status", "say_no", "say_no_reasons", "protected_by")
STATUS = ("clear", "watch", "say_no")


class Rule(Struct, frozen=True):
    """One rule or protection as read."""

    name: Leaf
    when: Formula | None
    held_back: Formula | None
    text: str
    label: dict[str, str]


class Decision(Struct):
    """The decision sections of all files together."""

    at: Position | None = None
    applies: Formula | None = None
    unknown_when: Formula | None = None
    forced: Formula | None = None
    cleared: Formula | None = None
    forced_code: str = ""
    forced_label: dict[str, str] = field(default_factory=dict)
    say_no: list[Rule] = field(default_factory=list)
    watch: list[Rule] = field(default_factory=list)
    protect: list[Rule] = field(default_factory=list)
    cause: tuple[str, ...] = ()

    @property
    def rules(self) -> list[Rule]:
        """Say-no rules, then watch rules."""
        return [*self.say_no, *self.watch]

    def causes(self) -> list[Rule]:
        """Give the rules in the order in which they are named as the cause; those not listed come last."""
        order = {code: place for place, code in enumerate(self.cause)}
        return sorted(self.rules, key=lambda rule: order.get(rule.name.text, len(order)))

    def read(self, keys: Keys, problems: Problems) -> None:
        """Take in one file's section; a key that belongs to the whole decision may be written once."""
        form = Form(keys, "decision", problems).check()
        self.at = self.at or form.at
        for key in ("applies", "unknown_when"):
            if form.has(key):
                if getattr(self, key) is not None:
                    problems.add(form.at, f"'{key}' of the decision is written twice")
                setattr(self, key, form.formula(key))
        self._read_force(form)
        for key, rules in (("say_no", self.say_no), ("watch", self.watch), ("protect", self.protect)):
            rules.extend(_read_rule(name, inner) for name, inner in form.forms(key))
        if form.has("cause"):
            self.cause = form.words("cause")

    def _read_force(self, form: Form) -> None:
        value = form.keys.get("force")
        if isinstance(value, Keys):
            force = Form(value, "force", form.problems).check()
            self.forced, self.cleared = force.formula("say_no"), force.formula("clear")
            self.forced_code, self.forced_label = force.word("reason") or "", force.languages("label")


def _read_rule(name: Leaf, form: Form) -> Rule:
    protection = form.shape == "protection"
    held_back = None if protection else form.formula("held_back")
    text = "" if protection else form.word("text") or name.text
    return Rule(name, form.formula("when"), held_back, text, form.languages("label"))


def declare(decision: Decision) -> Iterator[Declaration]:
    """Declare one name per rule and protection, and what the decision gives."""
    if decision.at is None:
        return
    for rule in decision.rules:
        yield _declare_rule(decision, rule)
    for rule in decision.protect:
        yield _declare_protection(rule)
    used = {rule.name.text for rule in decision.rules} | {f"protect.{rule.name.text}" for rule in decision.protect}
    used |= uses_of(decision.applies, decision.unknown_when, decision.forced, decision.cleared)
    used |= {f"{rule.name.text}.held_back" for rule in decision.say_no if rule.held_back}
    at = decision.at
    yield Declaration(
        GIVES, "decision", at, frozenset(used), lambda names: _Builder(names, decision, at).nodes(), "decision"
    )


def _declare_rule(decision: Decision, rule: Rule) -> Declaration:
    names_given = [rule.name.text] + ([f"{rule.name.text}.held_back"] if rule.held_back else [])

    def build(names: Names) -> list[Node]:
        when = resolve(rule.when, names, "condition")
        if decision.applies is not None:
            when = And((resolve(decision.applies, names, "condition"), when), when.at)
        made = formula_node(names, rule.name.text, when, at=rule.name.at, model=rule.name.text, label=rule.label)
        if rule.held_back is not None:
            held = sure(resolve(rule.held_back, names, "condition"))
            made += formula_node(names, names_given[1], held, at=rule.name.at, model=rule.name.text)
        return made

    used = uses_of(decision.applies, rule.when, rule.held_back)
    return Declaration(tuple(names_given), "decision", rule.name.at, used, build, "rule", rule.label)


def _declare_protection(rule: Rule) -> Declaration:
    name = f"protect.{rule.name.text}"

    def build(names: Names) -> list[Node]:
        when = sure(resolve(rule.when, names, "condition"))
        return formula_node(names, name, when, at=rule.name.at, model=name, label=rule.label)

    return Declaration((name,), "decision", rule.name.at, uses_of(rule.when), build, "protection", rule.label)


class _Builder(Struct, frozen=True):
    names: Names
    decision: Decision
    at: Position

    def nodes(self) -> list[Node]:
        made = self._node("say_no_hit", self._any(self.decision.say_no))
        made += self._node("watch_hit", self._any(self.decision.watch))
        made += self._node("say_no_status", self._status(), STATUS)
        verdict = Compare(Test.EQ, Name("say_no_status", Type.TEXT), Literal("say_no", Type.TEXT))
        made += self._node("say_no", sure(verdict))
        reasons = tuple(self._reasons())
        made += self._node("say_no_reasons", Collect(reasons), [entry.code for entry in reasons])
        shields = tuple(self._shields())
        made += self._node("protected_by", Collect(shields), [entry.code for entry in shields])
        return made

    def _node(self, name: str, expression: Expression, options: object = ()) -> list[Node]:
        given = tuple(options) if isinstance(options, (list, tuple)) else ()
        made = formula_node(self.names, name, expression, at=self.at, model="decision", options=given)
        return add(self.names, made)

    def _there(self, rules: list[Rule]) -> list[str]:
        return [rule.name.text for rule in rules if rule.name.text in self.names.nodes]

    def _any(self, rules: list[Rule]) -> Expression:
        hits = tuple(sure_name(name, self.names) for name in self._there(rules))
        return Or(hits) if hits else FALSE

    def _condition(self, formula: Formula | None) -> Expression:
        return FALSE if formula is None else sure(resolve(formula, self.names, "condition"))

    def _standing(self) -> Expression:
        """Hold when a say-no rule holds that no policy holds back."""
        hits: list[Expression] = []
        for name in self._there(self.decision.say_no):
            hit = sure_name(name, self.names)
            held = f"{name}.held_back"
            hits.append(And((hit, Not(Name(held, Type.BOOLEAN)))) if held in self.names.nodes else hit)
        return Or(tuple(hits)) if hits else FALSE

    def _protected(self) -> Expression:
        shields = tuple(Name(f"protect.{name}", Type.BOOLEAN) for name in self._protections())
        return Or(shields) if shields else FALSE

    def _protections(self) -> list[str]:
        found = (rule.name.text for rule in self.decision.protect)
        return [name for name in found if f"protect.{name}" in self.names.nodes]

    def _status(self) -> Expression:
        clear, watch, say_no = (Literal(word, Type.TEXT) for word in STATUS)
        standing = self._standing()
        branches = (
            Branch(self._condition(self.decision.forced), say_no, "forced"),
            Branch(self._condition(self.decision.cleared), clear, "cleared"),
            Branch(And((standing, self._condition(self.decision.unknown_when))), Unknown(Type.TEXT), "unknown"),
            Branch(And((standing, Not(self._protected()))), say_no, "say_no"),
            Branch(Name("say_no_hit", Type.BOOLEAN), watch, "protected or held back"),
            Branch(Name("watch_hit", Type.BOOLEAN), watch, "watch"),
        )
        return Case(branches, clear, Type.TEXT)

    def _reasons(self) -> Iterator[Entry]:
        if self.decision.forced is not None and self.decision.forced_code:
            yield Entry(self._condition(self.decision.forced), self.decision.forced_code)
        for name in self._there(self.decision.rules):
            yield Entry(Name(name, Type.BOOLEAN), name)

    def _shields(self) -> Iterator[Entry]:
        """List protections only where they turned a NO: not where a person decided or too little is known."""
        decision = self.decision
        other = Or(tuple(self._condition(why) for why in (decision.forced, decision.cleared, decision.unknown_when)))
        for name in self._protections():
            yield Entry(And((self._standing(), Not(other), Name(f"protect.{name}", Type.BOOLEAN))), name)
