"""Answers recorded from real orgs: the cassettes inside the wheel of CumulusCI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path

SHA256 = "e1f77096f79b7c283c9b7b979a9814a198d1583f94cff2dda01885e7a57be0db"


def recordings() -> Path:
    """Give the wheel they are in."""
    return wheel("cumulusci", "4.10.1", sha256=SHA256, what="the recordings")
