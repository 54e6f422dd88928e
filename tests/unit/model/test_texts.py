"""Texts: a count and the words that go with it."""

import pytest

from connector.model.texts import Said, Texts, one_line


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


def test_a_count_has_its_thousands_apart_in_every_text() -> None:
    told = {"values": 2238, "accounts": 1}
    assert "2,238 values on 1 account would be" in Texts("connector.planning", "en").say("FIRST_RUN", **told)
    assert "2.238 waarden bij 1 klant" in Texts("connector.planning", "nl").say("FIRST_RUN", **told)
    assert "2.238 waarden" in Said("connector.planning", "FIRST_RUN", **told).told("nl")


@pytest.mark.parametrize("text", ["Zoë & Søn", "שלום", "👩\u200d🔧 BV", "a  b", 'O\'Neil "Q"', ""])
def test_a_text_of_somebody_elses_stays_as_it_reads(text: str) -> None:
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\r\nb", "a b"),
        ("a\tb", "a b"),
        ("\x1b[31mred", " [31mred"),
        ("a\u202eb\u2066c", "abc"),
        ("a\x9bb\u2028c", "a b c"),
    ],
)
def test_a_text_of_somebody_elses_is_one_line_without_escapes(text: str, told: str) -> None:
    assert one_line(text) == told
