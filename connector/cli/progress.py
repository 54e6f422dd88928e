"""Progress on stderr: bars when it is a terminal, plain lines now and then otherwise."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from connector.model.texts import Texts
    from connector.ports import Progress

PLAIN_EVERY_SECONDS = 5.0


@contextmanager
def show_progress(texts: "Callable[[], Texts]") -> Iterator["Progress"]:
    """Yield the function long work reports to; in which language is asked when there is something to tell."""
    if sys.stderr.isatty():
        with _bars(texts) as progress:
            yield progress
    else:
        lines = PlainLines(texts)
        yield lines
        lines.end()


class PlainLines:
    """A line when a step begins, when it ends, and every few seconds between."""

    def __init__(self, texts: "Callable[[], Texts]") -> None:
        self._texts = texts
        self._last: dict[str, float] = {}
        self._untold: dict[str, str] = {}

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """Print a line when one is due."""
        now = monotonic()
        texts = self._texts()
        count = texts.number(done) if total is None else texts.say("step.count", done=done, total=total)
        self._untold[step] = f"{_name(step, texts)}: {count}"
        if done != total and now - self._last.get(step, -PLAIN_EVERY_SECONDS) < PLAIN_EVERY_SECONDS:
            return
        self._last[step] = now
        typer.echo(self._untold.pop(step), err=True)

    def end(self) -> None:
        """Print where each step came to, for those whose end nobody knew beforehand."""
        for line in self._untold.values():
            typer.echo(line, err=True)


def _name(step: str, texts: "Texts") -> str:
    """Return a step as it is told; what is read keeps the name of its table."""
    verb, _, what = step.partition(" ")
    return texts.say("step.read", what=what) if verb == "read" and what != "tables" else texts.name("step", step)


@contextmanager
def _bars(texts: "Callable[[], Texts]") -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    tasks = {}
    with Progress(*columns, console=Console(stderr=True), transient=False) as bars:

        def draw(step: str, done: int, total: int | None = None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_name(step, texts()), total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield draw
