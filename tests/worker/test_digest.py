from __future__ import annotations

from connector.model.texts import Texts
from connector.worker.alerts import ROOM
from connector.worker.digest import OWNERS, SHOWN, Move, digest


def move(number: int, owner: str = "anna", *, say_no: str = "") -> Move:
    return Move(f"{number}", f"name {number:03}", owner, "Small → Large", say_no)


def lines(*moves: Move) -> list[str]:
    message = digest(moves, run="r")
    assert message is not None
    return message.text.splitlines()


def test_nobody_moved_is_no_message() -> None:
    assert digest([], run="r") is None


def test_the_owner_with_most_moves_comes_first_and_say_no_before_tiers() -> None:
    told = lines(move(1, "bert"), move(2), move(3, say_no="now say no"))
    assert told[:2] == ["anna: 2 moved, 1 of them by say-no", "  name 003: now say no, Small → Large"]
    assert told[2:4] == ["  name 002: Small → Large", "bert: 1 moved, 0 of them by say-no"]


def test_a_long_book_is_cut_and_counted() -> None:
    told = lines(*(move(number) for number in range(SHOWN + 5)))
    assert told[0] == f"anna: {SHOWN + 5} moved, 0 of them by say-no"
    assert "  … and 5 more" in told
    assert len(told) == SHOWN + 3


def test_many_owners_are_cut_and_counted_and_who_has_none_is_named() -> None:
    told = lines(move(0, ""), move(1, ""), *(move(number, f"owner {number:03}") for number in range(OWNERS + 2)))
    assert told[0].startswith("without an owner: 2 moved")
    assert "… and 3 more owners" in told


def test_an_account_without_a_name_is_named_by_its_id() -> None:
    assert "  17: now say no" in lines(Move("17", "", "anna", say_no="now say no"))


def test_a_digest_speaks_dutch_where_it_is_asked_to() -> None:
    message = digest([move(1, "")], run="r", texts=Texts(ROOM, "nl"))
    assert message is not None
    assert message.title == "tiersync: 1 account verschoven (run r)"
    assert message.text.splitlines() == [
        "zonder eigenaar: 1 verschoven, waarvan 0 door nee zeggen",
        "  name 001: Small → Large",
        "Bekijk: tiersync runs show r",
    ]
