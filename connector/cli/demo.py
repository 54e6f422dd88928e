"""`demo`: the whole walk on a sandbox of its own, without credentials, by the very commands a user types."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Any

import typer

from connector.cli.call import Call, shared
from connector.cli.output import say
from connector.errors import ConnectorError, UsageError

FOLDER = Path("var") / "demo"
MARK = "this-folder-is-made-by-tiersync-demo"
START_SECONDS = 30.0
TOKEN = "pat-na1-demo-only-on-this-machine"  # noqa: S105 - opens nothing but the sandbox started here
SETTINGS = """\
# Written by `tiersync demo`; the sandbox behind base_url is gone when the demo has ended.
[crm]
kind = "hubspot"
token = "file:token"
base_url = "{url}"
[rules]
directory = "rules"
[run]
language = "en"
"""
NEXT = """\
next: open the report in a browser, then `tiersync init` in a folder of your own; `tiersync docs tutorial` shows how"""


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", rich_help_panel="Start")(shared(demo))


def demo(
    call: Call,
    *,
    companies: Annotated[int, typer.Option(min=20, max=100_000, help="How many companies to make up.")] = 300,
) -> int:
    """Walk the whole way on a local HubSpot with made-up companies; no credentials needed."""
    folder = _fresh(FOLDER)
    with _sandbox(folder, companies) as url:
        say(f"a local HubSpot with {companies:,} made-up companies listens on {url}")
        settings = _settle_in(folder, url)
        with redirect_stdout(sys.stderr if call.json else sys.stdout):
            _step(settings, "provision")
            _step(settings, "plan")
            first = _step(settings, "sync", "--yes")
            report = Path(first.report).absolute()
            with _kept(report.parent):
                second = _step(settings, "sync")
    _prove(first, second)
    if call.json:
        call.document({"outcome": "ok", "first": first.as_json(), "second": second.as_json(), "report": str(report)})
    say(f"\nwritten: {first.figures['written']:,} values; the second run wrote nothing\nreport: {report}\n{NEXT}")
    return 0


def _fresh(folder: Path) -> Path:
    if folder.exists() and not (folder / MARK).exists():
        raise UsageError(f"{folder} is here already and is not the demo's", hint="run the demo in another folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    return folder


@contextmanager
def _kept(report: Path) -> Iterator[None]:
    """Keep the report of the run that wrote where it is, though the next run draws its own there."""
    aside = report.with_name("report-of-the-run-that-wrote")
    shutil.copytree(report, aside)
    yield
    shutil.rmtree(report)
    aside.rename(report)


def _settle_in(folder: Path, url: str) -> Path:
    from connector.wiring import shipped

    shutil.copytree(shipped("rules"), folder / "rules")
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN, encoding="utf-8")
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS.format(url=url), encoding="utf-8")
    return settings


@contextmanager
def _sandbox(folder: Path, companies: int) -> Iterator[str]:
    """Run a sandbox as a child of this process; it ends with the block, whatever happens there."""
    command = [sys.executable, "-m", "connector", "sandbox", "--crm", "hubspot", "--limits", "off"]
    command += ["--port", "0", "--companies", str(companies), "--token", TOKEN]
    log, answer = folder / "sandbox.log", folder / "sandbox.out"
    with log.open("w") as err, answer.open("w") as out:
        child = subprocess.Popen(command, stdout=out, stderr=err)  # noqa: S603 - our own command
        try:
            yield _address(child, answer, log)
        finally:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _address(child: subprocess.Popen[bytes], answer: Path, log: Path) -> str:
    """Wait until the sandbox says where it listens."""
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline and child.poll() is None:
        _, found, url = answer.read_text(encoding="utf-8").strip().partition("listening on ")
        if found:
            return url
        sleep(0.05)
    raise ConnectorError("the sandbox did not start", hint=f"{log} says why")


def _step(settings: Path, *command: str) -> Any:
    """Run one command as a user would; raise when it does not end well."""
    from connector.cli.ending import perform

    say(f"\n$ tiersync {' '.join(command)}")
    code, call = perform(["--settings", str(settings), *command])
    sys.stdout.flush()  # what one command printed stands before what the next one says, in a file too
    if code:
        raise ConnectorError(f"`tiersync {' '.join(command)}` ended with {code}", hint="the lines above say why")
    return call.result


def _prove(first: Any, second: Any) -> None:
    if not first.figures["written"] or second.figures["changes"] or second.figures.get("written"):
        raise ConnectorError("the second run was to find nothing to write", hint="please report this")
