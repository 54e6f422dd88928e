"""`init` and `demo`: the first minutes."""

import shutil
import tomllib
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.call import Call, shared
from connector.cli.output import say
from connector.errors import UsageError

PANEL = "Start"
PLACE = "# (the CRM)"
"""Where the section of the CRM goes in the settings that `init` writes."""
NEXT = """\
next:
{first}  tiersync doctor              is everything there?
  tiersync plan                shows who would get which tier, and writes nothing
  tiersync sync --yes          writes it, the first time"""


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init", rich_help_panel=PANEL)(shared(init))


class Kind(StrEnum):
    """What settings can be started for."""

    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"
    FILES = "files"


def init(
    call: Call, *, crm: Annotated[Kind, typer.Option(help="The CRM, or files instead of one.")] = Kind.HUBSPOT
) -> int:
    """Write a commented settings.toml and a rules/ folder to start from, here."""
    from connector.wiring import shipped

    settings, rules = Path("settings.toml"), Path("rules")
    there = [str(path) for path in (settings, rules) if path.exists()]
    if there:
        raise UsageError(f"already here: {' and '.join(there)}", hint="init never overwrites; use another folder")
    shutil.copytree(shipped("rules"), rules)
    start = tomllib.loads(_shipped_text("starters.toml"))[crm.value]
    settings.write_text(_shipped_text("starter.toml").replace(PLACE, start["section"].strip()), "utf-8")
    say(f"wrote {settings} and {rules}/\n{NEXT.format(first=start['first'])}")
    if call.json:
        call.document({"wrote": [str(settings), *sorted(str(path) for path in rules.rglob("*.yaml"))]})
    return 0


def _shipped_text(name: str) -> str:
    return resources.files("connector.cli").joinpath(name).read_text("utf-8")
