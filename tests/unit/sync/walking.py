"""Three accounts to walk with, and what a walk says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.twins import House

if TYPE_CHECKING:
    from connector.sync import Result


def house() -> House:
    """Three accounts: one large, one small, one prospect."""
    made = House()
    made.account("a", deals=[150])
    made.account("b", deals=[20])
    made.account("c")
    return made


def applied() -> House:
    made = house()
    assert made.walk().sync(yes=True).exit_code == 0
    return made


def codes(result: Result) -> list[str]:
    return [reason.code for reason in result.reasons]


def raises(error: BaseException) -> None:
    raise error
