"""From a folder of rule files to one checked rule set: read, declare, order, build; every problem at once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.model.fields import Type
from connector.rules.binding.constants import check_parameters
from connector.rules.binding.names import Names
from connector.rules.binding.ordering import in_order
from connector.rules.columns import Column
from connector.rules.kinds import bands, first_match, formula, matrix, score
from connector.rules.kinds import decision as decisions
from connector.rules.kinds import signal as signals
from connector.rules.ruleset import Model, RuleSet
from connector.rules.sections.beside import fill_fields, read_fill, read_table
from connector.rules.sections.examples import check_example, read_example
from connector.rules.sections.facts import declare_fact
from connector.rules.sections.given import check_given, columns_by_table
from connector.rules.sections.notes import Missing, declare_missing, declare_warning, missing_labels, read_missing
from connector.rules.sections.outputs import Outputs
from connector.rules.sections.parameters import declare_parameter, override
from connector.rules.sections.sources import declare_field, declare_figure, declare_value
from connector.rules.syntax.document import Keys, Leaf, read_document
from connector.rules.syntax.files import contents
from connector.rules.syntax.forms import Form, as_form
from connector.rules.syntax.shapes import MODEL_KINDS
from connector.rules.syntax.words import KEYWORDS
from connector.rules.texts.sentences import read_text
from connector.rules.tree import Position
from connector.rules.walk import family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from connector.rules.binding.declare import Declaration
    from connector.rules.ruleset import Example, Parameter
    from connector.rules.syntax.problems import Problems

VERSION = 1
VERSION_LENGTH = 7

KINDS: dict[str, Callable[[Leaf, Form], Declaration]] = {
    "first_match": first_match.declare,
    "score": score.declare,
    "bands": bands.declare,
    "matrix": matrix.declare,
    "formula": formula.declare,
}
SECTIONS: dict[str, Callable[[Leaf, Form], Declaration]] = {
    "fields": declare_field,
    "facts": declare_fact,
    "values": declare_value,
    "population": declare_figure,
    "signals": signals.declare,
    "warnings": declare_warning,
}


def load(directory: Path, overrides: Mapping[str, object] | None = None) -> RuleSet:
    """Load every `*.yaml` and `*.yml` of a folder as one rule set, parameters of settings and `--set` in force.

    Raises RuleError with every problem found, UsageError for a folder without rule files or a wrong override.
    """
    return load_texts(contents(directory), overrides)


def load_texts(texts: Mapping[str, bytes], overrides: Mapping[str, object] | None = None) -> RuleSet:
    """Load rule files given by name and content; see `load`."""
    loader = _Loader(Names())
    for file, content in texts.items():
        loader.read(file, content)
    return loader.finish(_digest(texts), overrides or {})


def _digest(texts: Mapping[str, bytes]) -> hashlib._Hash:
    digest = hashlib.sha256()
    for file, content in sorted(texts.items()):
        digest.update(file.rsplit("/", 1)[-1].encode() + b"\0" + content + b"\0")
    return digest


class _Loader(Struct):
    names: Names
    parameters: dict[str, Parameter] = field(default_factory=dict)
    declarations: list[Declaration] = field(default_factory=list)
    expected: dict[str, tuple[Column, Position]] = field(default_factory=dict)
    decision: decisions.Decision = field(default_factory=decisions.Decision)
    outputs: Outputs = field(default_factory=Outputs)
    missing: list[Missing] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    about: dict[str, dict[str, str]] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    first: dict[str, Position] = field(default_factory=dict)
    """Where each name was first defined."""

    @property
    def problems(self) -> Problems:
        return self.names.problems

    # ── reading ──

    def read(self, file: str, content: bytes) -> None:
        before = len(self.problems.found)
        keys = read_document(file, content, self.problems)
        if keys is None:
            self.problems.unread = self.problems.unread or len(self.problems.found) > before
            return
        form = Form(keys, "file", self.problems).check()
        self.about[file] = form.languages("about")
        self.forms.append(form)
        version = form.number("version")
        if version not in {None, VERSION}:
            self.problems.add(form.at, f"version {version} is not known", f"this tiersync reads version {VERSION}")
        self._read_parameters(form)
        self._read_tables(form)
        for section, declare in SECTIONS.items():
            for name, inner in form.forms(section):
                self._define(declare(name, inner))
        self._read_models(form)
        self._read_rest(form)

    def _read_parameters(self, form: Form) -> None:
        for name, inner in form.forms("parameters"):
            noted = len(self.problems.found)
            parameter = declare_parameter(name, inner)
            if len(self.problems.found) > noted:
                self.names.broken.add(f"${name.text}")
            if parameter is not None and self._new(f"${name.text}", name.text, name.at):
                self.parameters[name.text] = parameter
        for name, inner in form.forms("expects"):
            kind = inner.word("type")
            if kind is not None:
                column = Column(Type(kind), inner.words("one_of"))
                self.expected.setdefault(name.text, (column, name.at))

    def _read_tables(self, form: Form) -> None:
        for name, inner in form.forms("tables"):
            if self._new(f"table {name.text}", name.text, name.at):
                self.names.tables[name.text] = read_table(name, inner)
        for name, value in form.mapping("fill"):
            if self._new(f"fill {name.text}", name.text, name.at):
                read_fill(name, value, self.names)

    def _read_models(self, form: Form) -> None:
        for name, value in form.mapping("models"):
            kind = value.get("kind") if isinstance(value, Keys) else None
            if not isinstance(kind, Leaf) or kind.text not in KINDS:
                at = kind.at if isinstance(kind, Leaf) else name.at
                word = kind.text if isinstance(kind, Leaf) else ""
                self.problems.unknown(at, "kind of model", word, MODEL_KINDS, hint="one of: " + ", ".join(MODEL_KINDS))
                self.names.broken.add(name.text)
                continue
            inner = as_form(value, kind.text, self.problems)
            if inner is not None:
                self._define(KINDS[kind.text](name, inner))

    def _read_rest(self, form: Form) -> None:
        keys = form.keys.get("decision")
        if isinstance(keys, Keys):
            self.decision.read(keys, self.problems)
        for name, inner in form.forms("missing"):
            if self._new(f"missing {name.text}", name.text, name.at):
                self.missing.append(read_missing(name, inner))
        for name, inner in form.forms("outputs"):
            if self._new(f"output {name.text}", name.text, name.at):
                self.outputs.read(name, inner)
        for name, inner in form.forms("texts"):
            if self._new(f"text {name.text}", name.text, name.at):
                self.outputs.texts[name.text] = read_text(name, inner)
        self.examples.extend(read_example(inner) for inner in form.list_forms("examples"))

    def _define(self, declaration: Declaration) -> None:
        fresh = [self._new(given, given, declaration.at) for given in declaration.names]
        reserved = [name for name in declaration.names if name.lower() in KEYWORDS]
        for name in reserved:
            self.problems.add(declaration.at, f"'{name}' is a word of the rule language", "define another name")
        if all(fresh) and not reserved:
            self.declarations.append(declaration)

    def _new(self, key: str, name: str, at: Position) -> bool:
        first = self.first.setdefault(key, at)
        if first is not at:
            self.problems.add(at, f"'{name}' is defined twice", f"first defined in {first.file}:{first.line}")
        return first is at

    # ── building ──

    def finish(self, digest: hashlib._Hash, overrides: Mapping[str, object]) -> RuleSet:
        self._set_parameters(overrides)
        for form in self.forms:
            check_parameters(form, self.names)
        self._add_joint_declarations()
        self._declare_outputs()
        self.declarations = fill_fields(self.declarations, self.names)
        self._build()
        outputs = self.outputs.results(self.names)
        examples = self._examples_that_apply()
        self.problems.stop()
        for name, parameter in sorted(self.names.parameters.items()):
            digest.update(f"{name}={parameter.value}\n".encode())
        return RuleSet(
            version=digest.hexdigest()[:VERSION_LENGTH],
            parameters=self.names.parameters,
            nodes=tuple(self.names.nodes.values()),
            outputs=outputs,
            warnings={name.removeprefix("warning."): name for name in self.names.nodes if name.startswith("warning.")},
            models=tuple(self._models()),
            examples=examples,
            about=self.about,
            tables={
                name: {column: found.type for column, found in columns.items()}
                for name, columns in self.names.tables.items()
            },
        )

    def _set_parameters(self, overrides: Mapping[str, object]) -> None:
        """Put overrides in force; a wrong file is reported before a wrong override."""
        if self.problems.found:
            overrides = {name: value for name, value in overrides.items() if name in self.parameters}
        self.names.parameters = override(self.parameters, overrides)

    def _add_joint_declarations(self) -> None:
        """Declare what several files make together: the signals that are on, the decision, what is missing."""
        everything = signals.declare_all([d for d in self.declarations if d.section == "signals"])
        anywhere = self.declarations[0].at if self.declarations else Position()
        joint = [*decisions.declare(self.decision), declare_missing(self.missing, anywhere)]
        for declaration in joint + ([everything] if everything else []):
            self._define(declaration)

    def _declare_outputs(self) -> None:
        labels = {name: d.label for d in self.declarations for name in d.names if d.label}
        rules = {rule.text: rule.name.text for rule in self.decision.rules}
        for key, text in list(self.outputs.texts.items()):
            if key in rules and text.when is None:
                self.outputs.texts[key] = type(text)(text.key, None, text.shown, text.leaves, rules[key])
        self.outputs.decision = self.decision
        self.outputs.code_labels = self._code_labels(labels)
        self.outputs.settle()
        self.names.shown_by = self.outputs.shown()
        for declaration in self.outputs.declare():
            self.declarations.append(declaration)

    def _code_labels(self, labels: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Mapping[str, str]]]:
        decision = self.decision
        reasons: dict[str, Mapping[str, str]] = {decision.forced_code: decision.forced_label}
        if not decision.forced_code:
            reasons = {}
        found: dict[str, dict[str, Mapping[str, str]]] = {
            "say_no_reasons": reasons | {rule.name.text: rule.label for rule in decision.rules},
            "protected_by": {rule.name.text: rule.label for rule in decision.protect},
            "missing_fields": dict(missing_labels(self.missing, labels)),
            "signals_on": {d.names[0]: d.label for d in self.declarations if d.kind == "signal"},
        }
        return {name: entries for name, entries in found.items() if entries}

    def _build(self) -> None:
        defined = {name for declaration in self.declarations for name in declaration.names}
        for name, (column, _) in self.expected.items():
            if name not in defined:
                self.names.absent[name] = column
        for declaration in in_order(self.declarations, self.names):
            made = declaration.build(self.names)
            self.names.nodes.update({node.name: node for node in made})
            self.names.broken.update(name for name in declaration.names if name not in self.names.nodes)
        self._check_expected()

    def _examples_that_apply(self) -> tuple[Example, ...]:
        kept = tuple(example for example in self.examples if set(example.needs) <= self.names.nodes.keys())
        if not self.problems.unread:
            columns = columns_by_table(self.names)
            for example in kept:
                check_example(example, self.names, self.outputs.stated)
                check_given(example, self.names, columns)
        return kept

    def _check_expected(self) -> None:
        for name, (column, at) in self.expected.items():
            node = self.names.nodes.get(name)
            if node is not None and family(node.type) != family(column.type):
                self.problems.add(at, f"'{name}' is a {family(node.type)}, expected here as a {family(column.type)}")

    def _models(self) -> Iterator[Model]:
        for declaration in self.declarations:
            if declaration.section in {"models", "signals", "decision"} and declaration.kind:
                nodes = tuple(name for name in declaration.names if name in self.names.nodes)
                yield Model(declaration.names[0], declaration.kind, nodes, declaration.label, declaration.at)
