"""How a run's end is told: the error as an error, what is only to be known as a note."""

import pytest

from connector.cli.call import Call
from connector.cli.walk import _tell_end
from connector.errors import StopRun
from connector.model.runs import Reason, RunOutcome
from connector.sync import Result


def test_a_note_of_a_failed_run_is_told_after_its_error_and_as_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    reasons = (Reason("PULLED_ANEW", "everything was pulled again"), Reason("STOPPED", "the CRM is down"))
    error = StopRun("the CRM is down", hint="wait a while")
    _tell_end(Call(), Result(run="r", command="sync", outcome=RunOutcome.FAILED, reasons=reasons, error=error))
    first, hint, note, *_ = capsys.readouterr().err.splitlines()
    assert (first, hint) == ("error: the CRM is down", "  hint: wait a while")
    assert note == "PULLED_ANEW: everything was pulled again"
