"""Documentation of a rule set as Markdown, one page per rule file: parameters, names, rules, outputs, sentences."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from connector.rules.printing import show
from connector.rules.ruleset import FactOf, FieldOf, FormulaOf, PopulationOf, RankOf
from connector.rules.tree import Case, Say, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.ruleset import Node, OutputOf, Parameter, RuleSet
    from connector.rules.tree import Expression

HEADER = "<!-- made by `tiersync rules docs`; change the rule file, not this page -->"


def pages(rules: RuleSet, *, language: str) -> dict[str, str]:
    """Write one page per rule file, by the file's name without its ending."""
    return {PurePath(file).stem: "\n".join(_page(rules, file, language)).rstrip() + "\n" for file in rules.about}


def _page(rules: RuleSet, file: str, language: str) -> Iterator[str]:
    yield from (HEADER, "", f"# {PurePath(file).name}", "")
    if rules.about[file].get(language):
        yield from (rules.about[file][language], "")
    yield from _parameters([p for p in rules.parameters.values() if p.at.file == file])
    nodes = [node for node in rules.nodes if node.at.file == file]
    yield from _sources([node for node in nodes if not node.model])
    for node in nodes:
        yield from _rules(node, language)
    yield from _outputs([output for output in rules.outputs if output.at.file == file], rules, language)


def _parameters(parameters: list[Parameter]) -> Iterator[str]:
    if not parameters:
        return
    yield from ("## Parameters", "", "| name | default | in force | meaning |", "|---|---|---|---|")
    for parameter in parameters:
        default, value = _plain(parameter.default), _plain(parameter.value)
        changed = value if value != default else ""
        yield f"| `{parameter.name}` | {default} | {changed} | {_escape(parameter.meaning)} |"
    yield ""


def _sources(nodes: list[Node]) -> Iterator[str]:
    if not nodes:
        return
    yield from ("## Names", "", "| name | type | of | what it is |", "|---|---|---|---|")
    for node in nodes:
        yield f"| `{node.name}` | {node.type} | {node.of} | {_escape(describe(node))} |"
    yield ""


def describe(node: Node) -> str:
    """Say in one line where a node comes from."""
    match node.definition:
        case FieldOf(column=column):
            return f"account.{column}"
        case FactOf() as fact:
            value = f" of {show(fact.value)}" if fact.value is not None else ""
            where = f" where {show(fact.where)}" if fact.where is not None else ""
            return f"{fact.aggregate}{value} over {fact.relation}{where}"
        case FormulaOf(expression=expression):
            return show(expression)
        case PopulationOf() as figure:
            value = f" of {show(figure.value)}" if figure.value is not None else ""
            among = f" among {show(figure.among)}" if figure.among is not None else ""
            return f"{figure.figure}{value} over everybody{among}"
        case RankOf() as rank:
            return f"{rank.part} {rank.band} in the ranking by {show(rank.ranking.by)}".replace("  ", " ")


def _rules(node: Node, language: str) -> Iterator[str]:
    if not node.model or node.model in {"outputs", "decision", "missing", "warnings"}:
        return
    if not isinstance(node.definition, FormulaOf):
        return
    title = node.meaning.get(language, "")
    yield from (f"### {node.name}" + (f": {title}" if title else ""), "")
    expression = node.definition.expression
    if isinstance(expression, Case):
        yield from _table(expression)
    else:
        yield from (f"`{show(expression)}`", "")


def _table(case: Case) -> Iterator[str]:
    yield from ("| when | then |", "|---|---|")
    for branch in case.branches:
        yield f"| `{_escape(show(branch.when))}` | {_escape(_answer(branch.then))} |"
    yield from (f"| otherwise | {_escape(_answer(case.otherwise))} |", "")


def _answer(expression: Expression) -> str:
    return show(expression).strip("'")


def _outputs(outputs: list[OutputOf], rules: RuleSet, language: str) -> Iterator[str]:
    if not outputs:
        return
    yield from ("## Outputs", "", "| property | label | type | options |", "|---|---|---|---|")
    for output in outputs:
        options = ", ".join(f"{value} ({label.get(language)})" for value, label in output.output.options.items())
        label = output.output.label.get(language)
        yield f"| `{output.output.name}` | {label} | {output.output.type} | {_escape(options)} |"
    yield ""
    for output in outputs:
        node = rules.node(output.node) if output.node else None
        if node is not None and isinstance(node.definition, FormulaOf) and isinstance(node.definition.expression, Say):
            yield from (f"Sentences of `{output.output.name}`, in order:", "")
            yield from (f"- {line}" for line in _sentences(node.definition.expression, language))
            yield ""


def _sentences(say: Say, language: str) -> Iterator[str]:
    for sentence in say.sentences:
        if isinstance(sentence, Sentence):
            pieces = sentence.parts[language]
            yield "".join(piece if isinstance(piece, str) else f"⟨{_placeholder(piece.value)}⟩" for piece in pieces)
        else:
            yield from _sentences(sentence, language)


def _placeholder(value: Expression) -> str:
    return "…" if isinstance(value, (Say, Case)) else show(value)


def _plain(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
