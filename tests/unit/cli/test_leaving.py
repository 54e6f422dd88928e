"""The end of the process: at once, but only when everything said has left it."""

from __future__ import annotations

import io
import os
import sys
from typing import Never

import pytest

from connector.cli.ending import leave


class Left(BaseException):
    """What the process would have ended with."""


class FullDisk(io.StringIO):
    def flush(self) -> Never:
        raise OSError(28, "No space left on device")


@pytest.fixture(autouse=True)
def _ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> Never:
        raise Left(code)

    monkeypatch.setattr(os, "_exit", end)


@pytest.mark.parametrize("code", [0, 3, 143])
def test_the_process_ends_with_its_code_and_all_it_said(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    outside = io.BytesIO()
    with io.TextIOWrapper(outside) as out:
        monkeypatch.setattr(sys, "stdout", out)
        out.write("the last line")
        with pytest.raises(Left, match=str(code)):
            leave(code)
        assert outside.getvalue() == b"the last line"


def test_what_cannot_be_said_is_left_to_python_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", FullDisk())
    with pytest.raises(SystemExit, match="4"):
        leave(4)
