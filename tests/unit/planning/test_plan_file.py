"""The plan file: what is written is read back, and a fault is named with its place."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import UsageError
from connector.model.changes import Change, Target
from connector.planning.file import parse, render
from connector.planning.plan import Digest, Plan

MADE = datetime(2026, 4, 2, 6, tzinfo=UTC)
CHANGE = Change("1", Target.ACCOUNT, "1", "seg_tier", None, "large", "first assignment")


def digest(changes: list[Change]) -> str:
    made = Digest()
    made.add(changes)
    return made.text()


def document(changes: list[Change]) -> str:
    plan = Plan(run="r1", as_of=date(2026, 4, 2), rule_version="v1", made_at=MADE, digest=digest(changes))
    return "".join(render(plan, changes))


texts = st.text(min_size=1, max_size=8)
values = st.none() | st.text(max_size=12)
account_changes = st.builds(
    lambda account, prop, old, new: Change(account, Target.ACCOUNT, account, prop, old, new),
    texts,
    texts,
    values,
    values,
)
deal_changes = st.builds(Change, texts, st.just(Target.DEAL), texts, texts, values, values, st.just("peers moved"))


@given(st.lists(account_changes | deal_changes, max_size=6))
def test_what_is_rendered_is_read_back(changes: list[Change]) -> None:
    read = parse(document(changes))
    assert list(read.changes) == changes
    assert (read.run, read.as_of, read.rule_version, read.made_at) == ("r1", date(2026, 4, 2), "v1", MADE)
    assert read.digest == digest(changes)


def test_the_keys_are_those_of_the_contract() -> None:
    written = json.loads(document([CHANGE]))
    assert {"version", "run", "as_of", "rule_version", "made_at", "changes"} <= written.keys()
    assert {"account", "object", "property", "old", "new", "cause"} <= written["changes"][0].keys()


@given(st.lists(account_changes | deal_changes, max_size=9), st.data())
def test_the_digest_does_not_depend_on_how_changes_are_divided(many: list[Change], data: st.DataObject) -> None:
    whole, parts = Digest(), Digest()
    whole.add(many)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(many)), max_size=4)))
    for start, end in pairwise([0, *cuts, len(many)]):
        parts.add(many[start:end])
    assert whole.text() == parts.text()


def test_a_changed_value_changes_the_digest() -> None:
    written = json.loads(document([CHANGE]))
    written["changes"][0]["new"] = "small"
    assert parse(json.dumps(written)).digest != digest([CHANGE])


def broken(**with_: Any) -> str:
    written = json.loads(document([CHANGE]))
    for path, value in with_.items():
        place: Any = written["changes"][0] if path.startswith("change_") else written
        place[path.removeprefix("change_")] = value
    return json.dumps(written)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[1]", "expected one JSON object"),
        ("[" * 100_000, "not JSON"),
        (broken(version=2), "version: expected 1, found 2"),
        (broken(run=""), "run: expected a text"),
        (broken(made_at="2026-04-02T06:00:00"), "made_at: expected a time with its offset"),
        (broken(as_of="02-04-2026"), "as_of: expected a date"),
        (broken(changes={}), "changes: expected a list"),
        (broken(changes=["x"]), "changes[0]: expected an object"),
        (broken(change_object="contact"), "changes[0].object: expected one of account, deal, found 'contact'"),
        (broken(change_account=None), "changes[0].account: expected a text"),
        (broken(change_new=5), "changes[0].new: expected a text or null"),
        (broken(change_object="deal", change_record=None), "changes[0].record: expected a text"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, name="p.json")
    assert str(caught.value).startswith("p.json")
    assert said in str(caught.value)
    assert "tiersync plan --out" in caught.value.hint


def test_a_missing_old_value_is_not_read_as_empty() -> None:
    written = json.loads(document([CHANGE]))
    del written["changes"][0]["old"]
    with pytest.raises(UsageError, match=r"changes\[0\]\.old: missing"):
        parse(json.dumps(written))
