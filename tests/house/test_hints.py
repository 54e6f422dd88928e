"""Whoever reads an error learns what to do: every error that may reach a person is raised with a hint."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "connector").rglob("*.py"))}
TREE = "ConnectorError"
NEEDS_NONE = {
    "RetryLater": "never leaves the crm room: its call is tried again, or settled",
    "Abandoned": "never leaves the crew: the error that ended the pull is told instead",
    "RuleError": "each of its problems has its own, beside the caret",
}
"""Kinds of errors, with what is made of them, whose hint nobody would read."""


def kinds() -> dict[str, set[str]]:
    """Every class of the code by name, with the names of what it is made of."""
    found = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {node.name: {name(base) for base in node.bases} for node in found}


def name(expression: ast.expr) -> str:
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")


def descends(kind: str, known: dict[str, set[str]], roots: set[str]) -> bool:
    return kind in roots or any(descends(base, known, roots) for base in known.get(kind, ()))


def unhelpful(tree: ast.AST, known: dict[str, set[str]]) -> Iterator[tuple[int, str]]:
    """Give the line and the kind of each error that is made without a hint, or with one that says nothing."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not descends(name(node.func), known, {TREE}):
            continue
        hint = next((keyword.value for keyword in node.keywords if keyword.arg == "hint"), None)
        silent = hint is None or (isinstance(hint, ast.Constant) and not str(hint.value).strip())
        if silent and not descends(name(node.func), known, set(NEEDS_NONE)):
            yield node.lineno, name(node.func)


def test_every_error_that_may_reach_a_person_says_what_to_do() -> None:
    known = kinds()
    assert len([kind for kind in known if descends(kind, known, {TREE})]) > len(NEEDS_NONE) + 9
    found = [
        f"{path.relative_to(ROOT)}:{line} {kind}"
        for path, tree in TREES.items()
        for line, kind in unhelpful(tree, known)
    ]
    assert found == []


def test_no_kind_is_excused_that_is_gone() -> None:
    assert NEEDS_NONE.keys() <= kinds().keys()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("StopRun('the disk is full')", ["StopRun"]),
        ("errors.StopRun('the disk is full', hint=' ')", ["StopRun"]),
        ("raise Forbidden(text, scopes=scopes)", ["Forbidden"]),
        ("StopRun('the disk is full', hint='free some')", []),
        ("StopRun('the disk is full', hint=hint)", []),
        ("ValueError('ours')", []),
        ("AnswerLost('cut')", []),
    ],
)
def test_an_error_without_a_hint_is_found(code: str, told: list[str]) -> None:
    assert [kind for _, kind in unhelpful(ast.parse(code), kinds())] == told
