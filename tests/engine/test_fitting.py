"""A text that is too long is cut between two words, by the engine as by the plain evaluator."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.engine.functions import define
from connector.rules.loading import load
from connector.rules.python.telling import shorten
from connector.rules.ruleset import Example
from connector.rules.trying.examples import run_example
from tests.shared import ROOT

LIMIT = 20
DATABASE = duckdb.connect()
define(DATABASE)
RULES = load(ROOT / "rules")
TEXTS = st.text(st.sampled_from("aé🙂 ,\n-"), max_size=45)


def by_engine(pieces: list[str], limit: int) -> str:
    return str(DATABASE.execute(f"select fitting($1::varchar[], ' ', {limit})", [pieces]).fetchall()[0][0])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("exactly twenty chars", "exactly twenty chars"),
        ("the board decided so yesterday", "the board decided…"),
        ("the board says, decidedlyso", "the board says…"),
        ("a board, disestablishing", "a board, disestabli…"),
        ("the board has saids o", "the board has saids…"),
        ("a https://example.com/a/long/address", "a https://example.c…"),
        ("Rindfleischetikettierungsgesetz", "Rindfleischetiketti…"),
    ],
)
def test_a_text_is_cut_between_two_words(text: str, cut: str) -> None:
    assert shorten([text], " ", LIMIT) == cut
    assert by_engine([text], LIMIT) == cut
    assert len(cut) <= LIMIT


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=4))
def test_both_evaluators_cut_alike_and_never_beyond_the_limit(pieces: list[str]) -> None:
    told = shorten(pieces, " ", LIMIT)
    assert told == by_engine(pieces, LIMIT)
    assert len(told) <= LIMIT


def test_a_persons_long_reason_ends_in_a_whole_word() -> None:
    reason = "their new board asked for a plan together " * 9
    override = {"seg_override_tier": "large", "seg_override_reason": reason, "seg_override_until": "2026-06-30"}
    (miss,) = run_example(RULES, Example("long", {"account": override}, {"seg_reason": "?"}))
    told = miss.found
    assert "Set by a user until 2026-06-30: their new board" in told
    assert "…" in told
    assert told[: told.index("…")].rsplit(" ", 1)[1] in reason.split()
