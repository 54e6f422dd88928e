"""What is wrong in rule files: collected with positions, shown all at once with line, caret and a near name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from connector.errors import UsageError
from connector.model.meant import near

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.rules.tree import Position

CONTEXT_WIDTH = 160
MOST_FORMULAS = 120_000
"""Characters of all formulas together: more than three times those of the rules that come with tiersync."""
MOST = 1000
"""Problems told at once; nobody reads more, and looking for near names takes its time."""


class Problem(Struct, frozen=True, order=True):
    """One thing to put right; `hint` stands beside the caret and says how."""

    at: Position
    text: str
    hint: str = ""

    def __str__(self) -> str:
        """Give `FILE:LINE:COLUMN: text` (contract.md, "Rule errors")."""
        return f"{self.at.place}: {self.text}"


class RuleError(UsageError):
    """Rule files cannot be used; the message shows every problem, sorted by place."""

    code = "RULES"

    def __init__(self, problems: Sequence[Problem], sources: Mapping[str, Sequence[str]]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(_show(problem, sources) for problem in self.problems))


class Problems(Struct):
    """Collects problems, and the source lines they are shown with."""

    found: list[Problem] = field(default_factory=list)
    sources: dict[str, Sequence[str]] = field(default_factory=dict)
    unread: bool = False
    """A file could not be read: what others name may be defined in it, and is no mistake of theirs."""
    formulas: int = 0
    """Characters of formulas read so far."""

    def spend(self, at: Position, characters: int) -> None:
        """Count what one formula adds; raises RuleError when all of them would take too long to read."""
        self.formulas += characters
        if self.formulas > MOST_FORMULAS:
            self.add(at, f"the formulas have more than {MOST_FORMULAS:,} characters together", "make two rule sets")
            self.stop()

    def add(self, at: Position, text: str, hint: str = "") -> None:
        """Note a problem and go on; raises RuleError with what was found when there are far too many."""
        self.found.append(Problem(at, text, hint))
        if len(self.found) == MOST:
            self.found.append(Problem(at, f"more than {MOST:,} mistakes", "the others are told once these are gone"))
            self.stop()

    def unknown(self, at: Position, what: str, name: str, names: Iterable[str], *, hint: str = "") -> None:
        """Note a name that does not exist, with the nearest one that does."""
        self.add(at, f"unknown {what} '{name}'", near(name, names) or hint)

    def undefined(self, at: Position, what: str, name: str, names: Iterable[str], *, hint: str = "") -> None:
        """Note a name that no file defines; nothing as long as one of them could not be read."""
        if not self.unread:
            self.unknown(at, what, name, names, hint=hint)

    def stop(self) -> None:
        """Raise RuleError when anything was found."""
        if self.found:
            raise RuleError(self.found, self.sources)


def _show(problem: Problem, sources: Mapping[str, Sequence[str]]) -> str:
    lines = sources.get(problem.at.file, ())
    if not 0 < problem.at.line <= len(lines):
        return str(problem) + (f"\n    {problem.hint}" if problem.hint else "")
    line, column = _cut(lines[problem.at.line - 1], problem.at.column)
    margin = f"{problem.at.line:>5} | "
    caret = "^" * max(1, min(problem.at.length, len(line) - column + 1))
    pointer = " " * (len(margin) - 2) + "| " + " " * (column - 1) + caret
    return f"{problem}\n{margin}{line}\n{pointer} {problem.hint}".rstrip()


def _cut(line: str, column: int) -> tuple[str, int]:
    """Show the part of a long line around the column; tabs become spaces so that the caret fits."""
    shown = line.rstrip("\r\n").replace("\t", " ")
    start = max(0, column - CONTEXT_WIDTH // 2) if len(shown) > CONTEXT_WIDTH else 0
    return shown[start : start + CONTEXT_WIDTH], column - start
