"""Documentation of a rule set as Markdown, one page per rule file: parameters, names, rules, outputs, sentences."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from connector.model.texts import Texts
from connector.rules.printing import show
from connector.rules.ruleset import FactOf, FieldOf, FormulaOf, PopulationOf, RankOf
from connector.rules.tree import Case, Say, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.rules.ruleset import Node, OutputOf, Parameter, RuleSet
    from connector.rules.tree import Expression


def pages(rules: RuleSet, *, language: str) -> dict[str, str]:
    """Write one page per rule file, by the file's name without its ending."""
    texts = Texts("connector.rules", language)
    return {PurePath(file).stem: "\n".join(_page(rules, file, texts)).rstrip() + "\n" for file in rules.about}


def _page(rules: RuleSet, file: str, texts: Texts) -> Iterator[str]:
    yield from (f"<!-- {texts.say('docs.made')} -->", "", f"# {PurePath(file).name}", "")
    if rules.about[file].get(texts.language):
        yield from (rules.about[file][texts.language], "")
    yield from _parameters([p for p in rules.parameters.values() if p.at.file == file], texts)
    nodes = [node for node in rules.nodes if node.at.file == file]
    yield from _sources([node for node in nodes if not node.model], texts)
    for node in nodes:
        yield from _rules(node, texts)
    yield from _outputs([output for output in rules.outputs if output.at.file == file], rules, texts)


def _parameters(parameters: list[Parameter], texts: Texts) -> Iterator[str]:
    if not parameters:
        return
    yield from _head(texts.say("docs.parameters"), texts.say("docs.parameters.columns"))
    for parameter in parameters:
        default, value = _plain(parameter.default, texts), _plain(parameter.value, texts)
        changed = value if value != default else ""
        yield f"| `{parameter.name}` | {default} | {changed} | {_escape(parameter.meaning)} |"
    yield ""


def _sources(nodes: list[Node], texts: Texts) -> Iterator[str]:
    if not nodes:
        return
    yield from _head(texts.say("docs.names"), texts.say("docs.names.columns"))
    for node in nodes:
        yield f"| `{node.name}` | {node.type} | {node.of} | {_escape(describe(node, texts))} |"
    yield ""


def _head(title: str, columns: str) -> tuple[str, ...]:
    """Begin a chapter that is a table."""
    return f"## {title}", "", columns, "|---|---|---|---|"


def describe(node: Node, texts: Texts) -> str:
    """Say in one line where a node comes from."""
    match node.definition:
        case FieldOf(column=column):
            return f"account.{column}"
        case FactOf() as fact:
            value, where = _clause("of", fact.value, texts), _clause("where", fact.where, texts)
            return texts.say("docs.fact", figure=fact.aggregate + value, relation=fact.relation) + where
        case FormulaOf(expression=expression):
            return show(expression)
        case PopulationOf() as figure:
            value, among = _clause("of", figure.value, texts), _clause("among", figure.among, texts)
            return texts.say("docs.population", figure=figure.figure + value) + among
        case RankOf() as rank:
            part = f"{rank.part} {rank.band}".rstrip()
            return texts.say("docs.rank", part=part, by=show(rank.ranking.by))


def _clause(key: str, expression: Expression | None, texts: Texts) -> str:
    return "" if expression is None else " " + texts.say(f"docs.{key}", expression=show(expression))


def _rules(node: Node, texts: Texts) -> Iterator[str]:
    if not node.model or node.model in {"outputs", "decision", "missing", "warnings"}:
        return
    if not isinstance(node.definition, FormulaOf):
        return
    title = node.meaning.get(texts.language, "")
    yield from (f"### {node.name}" + (f": {title}" if title else ""), "")
    expression = node.definition.expression
    if isinstance(expression, Case):
        yield from _table(expression, texts)
    else:
        yield from (f"`{show(expression)}`", "")


def _table(case: Case, texts: Texts) -> Iterator[str]:
    yield from (texts.say("docs.rules.columns"), "|---|---|")
    for branch in case.branches:
        yield f"| `{_escape(show(branch.when))}` | {_escape(_answer(branch.then))} |"
    yield from (f"| {texts.say('docs.otherwise')} | {_escape(_answer(case.otherwise))} |", "")


def _answer(expression: Expression) -> str:
    return show(expression).strip("'")


def _outputs(outputs: list[OutputOf], rules: RuleSet, texts: Texts) -> Iterator[str]:
    if not outputs:
        return
    language = texts.language
    yield from _head(texts.say("docs.outputs"), texts.say("docs.outputs.columns"))
    for output in outputs:
        options = ", ".join(f"{value} ({label.get(language)})" for value, label in output.output.options.items())
        label = output.output.label.get(language)
        yield f"| `{output.output.name}` | {label} | {output.output.type} | {_escape(options)} |"
    yield ""
    for output in outputs:
        node = rules.node(output.node) if output.node else None
        if node is not None and isinstance(node.definition, FormulaOf) and isinstance(node.definition.expression, Say):
            yield from (texts.say("docs.sentences", property=output.output.name), "")
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


def _plain(value: object, texts: Texts) -> str:
    if value is None:
        return texts.say("docs.unset")
    return ", ".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
