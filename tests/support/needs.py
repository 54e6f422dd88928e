"""What a group of tests needs of the machine, and what it may cost there: a user's is not CI's."""

from __future__ import annotations

import os
from typing import Never

import pytest


def in_ci() -> bool:
    """Whether this is CI, where every group of tests must run."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def examples(few: int, many: int) -> int:
    """How many random cases a law is tried on: few where people wait, many in CI, or what EXAMPLES says."""
    return int(os.environ.get("EXAMPLES") or (many if in_ci() else few))


def longer() -> bool:
    """Whether somebody asked for a number of cases of their own."""
    return bool(os.environ.get("EXAMPLES"))


def lacking(what: str) -> Never:
    """Skip the test for want of something; in CI that is a failure."""
    if in_ci():
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"needs {what}")
