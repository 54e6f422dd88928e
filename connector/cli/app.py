"""The command tree."""

from importlib import import_module
from typing import Annotated

import typer

from connector import __version__
from connector.cli.call import Call, shared

FAMILIES = {
    "start": ("init",),
    "demo": ("demo",),
    "docs": ("docs",),
    "connect": ("doctor", "provision"),
    "walk": ("pull", "plan", "apply", "sync", "approve", "undo"),
    "work": ("run",),
    "history": ("status", "runs"),
    "explain": ("explain",),
    "evaluate": ("evaluate",),
    "rules": ("rules",),
    "report": ("report",),
    "sandbox": ("sandbox",),
}
"""Modules with commands, in the order of the help, and the commands of each."""


def build(first: str = "") -> typer.Typer:
    """Return the command line with every family of commands; `first`, when it is a command, needs only its own."""
    app = typer.Typer(
        name="tiersync",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        help=tiersync.__doc__,
    )
    app.callback()(shared(tiersync))
    for family in [family for family, commands in FAMILIES.items() if first in commands] or FAMILIES:
        import_module(f"connector.cli.{family}").mount(app)
    return app


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        typer.echo(f"tiersync {__version__}")
        raise typer.Exit


def tiersync(
    _call: Call,
    *,
    version: Annotated[  # noqa: ARG001 - its callback answers
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> int:
    """A tier, advice and a "say no" flag on every account of the CRM, each with its reason."""
    return 0
