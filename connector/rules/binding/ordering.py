"""The order of evaluation: every declaration after those it uses; a circle is a mistake, shown whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.rules.binding.declare import Declaration
    from connector.rules.binding.names import Names

SHOWN = 12
"""Names of a circle that are written out."""


def in_order(declarations: Sequence[Declaration], names: Names) -> list[Declaration]:
    """Sort declarations by what they use, keeping the written order otherwise; notes circles."""
    makers = {name: declaration for declaration in declarations for name in declaration.names}
    sorter = _Sorter(makers, names)
    for declaration in declarations:
        sorter.visit(declaration)
    return sorter.ordered


class _Sorter:
    """Depth first, with its own stack: a long chain of values cannot exhaust Python's."""

    def __init__(self, makers: dict[str, Declaration], names: Names) -> None:
        self.makers = makers
        self.known = names
        self.ordered: list[Declaration] = []
        self.done: set[int] = set()
        self.path: list[Declaration] = []
        self.above: set[int] = set()
        """The ids of the path."""

    def visit(self, start: Declaration) -> None:
        stack: list[tuple[Declaration, list[str]]] = []
        self._open(start, stack)
        while stack:
            declaration, waiting = stack[-1]
            if waiting:
                self._open(self.makers[waiting.pop()], stack)
            else:
                stack.pop()
                self.above.discard(id(self.path.pop()))
                self.done.add(id(declaration))
                self.ordered.append(declaration)

    def _open(self, declaration: Declaration, stack: list[tuple[Declaration, list[str]]]) -> None:
        if id(declaration) in self.done:
            return
        if id(declaration) in self.above:
            self._circle(declaration)
            return
        self.path.append(declaration)
        self.above.add(id(declaration))
        needed = [name for name in sorted(declaration.uses, reverse=True) if name in self.makers]
        stack.append((declaration, needed))

    def _circle(self, declaration: Declaration) -> None:
        start = next(index for index, above in enumerate(self.path) if above is declaration)
        self.known.broken.update(name for above in self.path[start:] for name in above.names)
        names = [above.names[0] for above in self.path[start:]] + [declaration.names[0]]
        text = f"'{names[0]}' is defined by itself" if self.path[start] is self.path[-1] else "defined in a circle"
        shown = names if len(names) <= SHOWN else [*names[: SHOWN - 2], "…", *names[-2:]]
        self.known.problems.add(declaration.at, text, " needs ".join(shown))
