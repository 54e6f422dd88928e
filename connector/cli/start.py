"""`init` and `demo`: the first minutes."""

import shutil
from importlib import resources
from pathlib import Path

import typer

from connector.cli.call import Call, shared
from connector.cli.output import say
from connector.errors import UsageError

PANEL = "Start"
NEXT = """\
next:
  export HUBSPOT_TOKEN=…       `tiersync docs hubspot-token` says how to get one
  tiersync provision           makes the properties in the CRM
  tiersync doctor              is everything there?
  tiersync plan                shows who would get which tier, and writes nothing
  tiersync sync --yes          writes it, the first time"""


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init", rich_help_panel=PANEL)(shared(init))


def init(call: Call) -> int:
    """Write a commented settings.toml and a rules/ folder to start from, here."""
    from connector.wiring import shipped

    settings, rules = Path("settings.toml"), Path("rules")
    there = [str(path) for path in (settings, rules) if path.exists()]
    if there:
        raise UsageError(f"{' and '.join(there)} is already here", hint="init never overwrites; use another folder")
    shutil.copytree(shipped("rules"), rules)
    settings.write_text(resources.files("connector.cli").joinpath("starter.toml").read_text("utf-8"), "utf-8")
    say(f"wrote {settings} and {rules}/\n{NEXT}")
    if call.json:
        call.document({"wrote": [str(settings), *sorted(str(path) for path in rules.rglob("*.yaml"))]})
    return 0
