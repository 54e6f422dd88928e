"""Progress on stderr: bars when it is a terminal, plain lines now and then otherwise."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from connector.ports import Progress

PLAIN_EVERY_SECONDS = 5.0


@contextmanager
def show_progress() -> Iterator["Progress"]:
    """Yield the function long work reports to."""
    if sys.stderr.isatty():
        with _bars() as progress:
            yield progress
    else:
        lines = PlainLines()
        yield lines
        lines.end()


class PlainLines:
    """A line when a step begins, when it ends, and every few seconds between."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._untold: dict[str, str] = {}

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """Print a line when one is due."""
        now = monotonic()
        self._untold[step] = f"{step}: {done:,}" + (f" of {total:,}" if total is not None else "")
        if done != total and now - self._last.get(step, -PLAIN_EVERY_SECONDS) < PLAIN_EVERY_SECONDS:
            return
        self._last[step] = now
        typer.echo(self._untold.pop(step), err=True)

    def end(self) -> None:
        """Print where each step came to, for those whose end nobody knew beforehand."""
        for line in self._untold.values():
            typer.echo(line, err=True)


@contextmanager
def _bars() -> Iterator["Progress"]:
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
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield draw
