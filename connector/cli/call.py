"""The options every command shares, given before or after it.

    @shared
    def pull(call: Call, *, full: Annotated[bool, typer.Option(help="…")] = False) -> int:

`shared` gives a command --settings, --as-of, --set, --json and --verbose; the function sees them, merged
with those given before the command, as its first argument.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from msgspec import Struct, field

from connector.errors import ConnectorError, UsageError
from connector.model.numbers import YEARS
from connector.model.secrets import Scrubber

if TYPE_CHECKING:
    from connector.model.texts import Texts
    from connector.ports import Clock, Progress
    from connector.sync import Result
    from connector.wiring import Wiring

PANEL = "Options of every command"
Day = TypeVar("Day", bound=date)


class Call(Struct):
    """One call of the command line: what the shared options say, and how to answer."""

    settings: Path | None = None
    as_of: date | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    json: bool = False
    verbose: bool = False
    subcommand: str | None = None
    """Of a group of commands, the one that follows; the group itself is asked when there is none."""
    answered: bool = False
    """Whether the one JSON document is out."""
    result: "Result | None" = None
    """What the walk of this call came to."""
    run: str | None = None
    """The id of the run that this call began."""
    _wiring: "Wiring | None" = None

    def take(self, given: dict[str, Any]) -> None:
        """Add the shared options one level of the command line was given."""
        self.settings = given["settings"] or self.settings
        self.as_of = given["as_of"] or self.as_of
        self.overrides |= _assignments(given["set_"] or [])
        self.json = self.json or given["json"]
        self.verbose = self.verbose or given["verbose"]

    def refuse_as_of(self, command: str) -> None:
        """Raise UsageError when --as-of was given to a command that writes what was planned before."""
        if self.as_of is not None:
            raise UsageError(f"{command} takes no --as-of", hint="it writes what was planned, as of its own day")

    def wiring(self, *, needs_file: bool = True) -> "Wiring":
        """Return what this call works with, built from its settings on first use.

        Without `needs_file` a missing settings.toml means all defaults; a named one must exist all the same.
        """
        from connector.cli.logs import log, start_logging
        from connector.wiring import wire

        if self._wiring is None:
            self._wiring = wire(
                self.settings,
                as_of=self.as_of,
                overrides=self.overrides,
                needs_file=needs_file,
                log=log,
                verbose=self.verbose,
            )
            if needs_file or self.verbose:  # evaluating files asks nobody anything that is worth a log
                start_logging(verbose=self.verbose, scrub=self._wiring.vault.scrub)
        return self._wiring

    @property
    def texts(self) -> "Texts":
        """What this call prints, in the language of the settings; in English where that cannot be told."""
        from connector.model.texts import Texts

        try:
            language = self.wiring().language
        except ConnectorError:
            language = "en"
        return Texts("connector.cli", language)

    def told(self, text: str) -> str:
        """Return a text in the language of the rules and settings, where it can be told in one."""
        from connector.model.texts import Said
        from connector.wiring.speaking import spoken

        return text.told(spoken(self._wiring)) if isinstance(text, Said) and self._wiring else text

    @property
    def clock(self) -> "Clock":
        """The clock of this call, without any settings."""
        from connector.wiring.clocks import clock

        return clock()

    def progress(self) -> AbstractContextManager["Progress"]:
        """Draw progress on stderr while the context lasts: bars on a terminal, plain lines otherwise."""
        from connector.cli.progress import show_progress

        return show_progress(lambda: self.texts)

    def scrub(self, text: str) -> str:
        """Mask every secret this call has read, and what looks like one."""
        return (self._wiring.vault.scrub if self._wiring else Scrubber())(text)

    def close(self) -> None:
        """Close what was opened."""
        if self._wiring:
            self._wiring.close()

    def document(self, document: object, *, last: Iterable[bytes] = ()) -> None:
        """Print the one JSON document of this call on stdout; `last` fills the empty list it ends with."""
        from connector.cli.output import print_document

        self.answered = True
        print_document(document, last=last)


def within_years(day: Day) -> Day:
    """Return a day or moment that a person gave; raises typer.BadParameter where no window can be counted."""
    if day.year not in YEARS:
        raise typer.BadParameter(f"it must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return day


def _date(text: str) -> date:
    try:
        return within_years(date.fromisoformat(text))
    except ValueError:
        raise typer.BadParameter("not a date; write it as YYYY-MM-DD") from None


def _assignments(pairs: list[str]) -> dict[str, str]:
    parsed = [pair.partition("=") for pair in pairs]
    if any(not equals or not name.strip() for name, equals, _ in parsed):
        raise UsageError("--set takes NAME=VALUE", hint="for example --set pyramid.two_level_below=20")
    return {name.strip(): value.strip() for name, _, value in parsed}


def _option(*names: str, metavar: str | None = None, about: str, parser: Callable[[str], date] | None = None) -> Any:
    return typer.Option(*names, metavar=metavar, help=about, parser=parser, rich_help_panel=PANEL)


SETTINGS = _option("--settings", metavar="FILE", about="Settings file; else TIERSYNC_SETTINGS, else settings.toml.")
AS_OF = _option("--as-of", metavar="YYYY-MM-DD", parser=_date, about="Evaluate as of this day.")
SET = _option("--set", metavar="NAME=VALUE", about="Override a rule parameter; repeatable.")
OPTIONS: dict[str, tuple[Any, Any]] = {
    "settings": (Annotated[Path | None, SETTINGS], None),
    "as_of": (Annotated[date | None, AS_OF], None),
    "set_": (Annotated[list[str] | None, SET], None),
    "json": (Annotated[bool, _option("--json", about="One JSON document on stdout, all else on stderr.")], False),
    "verbose": (Annotated[bool, _option("--verbose", about="Detailed log, and tracebacks of errors.")], False),
}


def shared(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the shared options; its first parameter receives them as a Call."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in OPTIONS.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)

    def called(*, ctx: typer.Context, **given: Any) -> int:
        ctx.obj.take({name: given.pop(name) for name in OPTIONS})
        ctx.obj.subcommand = ctx.invoked_subcommand
        return command(ctx.obj, **given)

    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    functools.update_wrapper(called, command)
    del called.__wrapped__  # type: ignore[attr-defined]  # else typer reads the inner signature
    called.__signature__ = inspect.Signature([context, *named, *common])  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in [context, *named, *common]}
    return called
