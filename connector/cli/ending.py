"""How a call ends: its exit code, its errors as one clear block, Ctrl-C and SIGTERM."""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Never

import typer

from connector.cli.call import Call
from connector.cli.output import print_error
from connector.errors import ConnectorError, Held, UsageError
from connector.model.texts import Said

INTERRUPTED = 130
TERMINATED = 143
_STOPPED_BY: list[int] = []
REPORT_IT = "this is a fault of tiersync; --verbose shows where, please report it"


def main() -> Never:
    """Run the command line and exit."""
    leave(run(sys.argv[1:]))


def leave(code: int) -> Never:
    """End the process at once, everything said and closed: to free what it holds piece by piece takes 0.3 s."""
    logging.shutdown()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # Python's own end tells that something could not be written
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one call; return its exit code (docs/reference/exit-codes.md)."""
    signal.signal(signal.SIGTERM, _terminated)
    code, call = perform(arguments)
    if code == INTERRUPTED:
        _tell_interrupted(call)
    return TERMINATED if code == INTERRUPTED and _STOPPED_BY else code


def _tell_interrupted(call: Call) -> None:
    """Name the run that was stopped in the middle, and the commands that go on."""
    where, hint = "", ""
    if call.run is not None:
        where = f" in run {call.run}"
        hint = f"the next `tiersync sync` goes on; `tiersync runs show {call.run}` tells what was written"
    print_error(f"interrupted{where}; what was in hand is settled by the next run", hint=hint)


def perform(arguments: Sequence[str]) -> tuple[int, Call]:
    """Run one call as `run` does; return its exit code and what it came to."""
    from connector.cli.app import build

    call = Call(json="--json" in arguments)
    try:
        code = build(*arguments[:1])(list(arguments), prog_name="tiersync", standalone_mode=False, obj=call)
    except ConnectorError as error:
        return _fail(call, error), call
    except typer.TyperException as error:
        return _fail(call, UsageError(error.format_message().replace("Value error, ", ""), hint=_try_help(error))), call
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person sees no traceback
        wrapped = ConnectorError(f"{type(error).__name__}: {error}", hint=REPORT_IT, code="UNEXPECTED")
        wrapped.__cause__ = error
        return _fail(call, wrapped), call
    finally:
        call.close()
    return code or 0, call


def _fail(call: Call, error: ConnectorError) -> int:
    message, hint = call.scrub(str(error)), call.scrub(error.hint)
    said = error.args[0] if error.args else ""
    advice = call.told(error.hint) if isinstance(said, Said) else str(error.hint)
    if call.verbose:
        typer.echo(call.scrub("".join(traceback.format_exception(error))), err=True)
    if message:  # typer prints the help itself when it is asked for nothing
        print_error(call.scrub(call.told(said)), hint=call.scrub(advice))
    if call.json and not call.answered:
        outcome = "held" if isinstance(error, Held) else "failed"
        reasons = [{"code": error.code, "message": message}]
        call.document({"outcome": outcome, "reasons": reasons, "error": reasons[0] | {"hint": hint}})
    return error.exit_code


def _try_help(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how" if context else "`tiersync --help` shows how"


def _terminated(number: int, _frame: object) -> Never:
    """End as Ctrl-C does: what is in hand gets its end in the journal."""
    _STOPPED_BY.append(number)
    raise KeyboardInterrupt
