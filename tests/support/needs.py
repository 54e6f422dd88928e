"""What a group of tests needs of the machine: a user's may lack it, CI's may not."""

from __future__ import annotations

import os
from typing import Never

import pytest


def in_ci() -> bool:
    """Whether this is CI, where every group of tests must run."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def lacking(what: str) -> Never:
    """Skip the test for want of something; in CI that is a failure."""
    if in_ci():
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"needs {what}")
