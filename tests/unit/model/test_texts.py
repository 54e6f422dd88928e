"""Texts: a count and the words that go with it."""

import pytest

from connector.model.texts import Texts


@pytest.mark.parametrize(
    ("language", "number", "told"),
    [
        ("en", "1", "1 record"),
        ("en", "2", "2 records"),
        ("en", "0", "0 records"),
        ("en", "1,001", "1,001 records"),
        ("nl", "1", "1 record"),
    ],
)
def test_one_is_told_as_one(language: str, number: str, told: str) -> None:
    assert Texts("connector.cli", language).say("status.quarantined.n", n=number) == told


@pytest.mark.parametrize(("accounts", "told"), [(1, "1 change on 1 account; 0 newly"), (3, "1 change on 3 accounts;")])
def test_every_count_of_a_text_has_its_own_words(accounts: int, told: str) -> None:
    texts = Texts("connector.cli", "en")
    assert texts.say("plan.sum", changes=1, accounts=accounts, say_no=0, cleared=0).startswith(told)
