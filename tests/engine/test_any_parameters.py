"""Whatever a person sets the parameters to, SQL, plain Python and one account alone agree, and so does domain.md.

For longer: `EXAMPLES=3000 python -m pytest tests/engine/test_any_parameters.py`.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from connector.engine.duckdb import DuckDb
from connector.model.fields import Table
from connector.ports import EvaluationRequest
from connector.rules.python.standing_text import dumped, loaded
from connector.wiring.one import one
from tests.engine.files import as_parquet
from tests.engine.overriding import Told, overridden, overrides
from tests.engine.populations import AS_OF, COLUMNS, Tables, tables
from tests.engine.two_ways import ZONE, by_python, cells_of, differing
from tests.oracle.compare import differences
from tests.oracle.parameters import DEFAULTS
from tests.oracle.populations import draw
from tests.support.needs import examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


class Case(Struct, frozen=True):
    """A population, and the day it is evaluated on."""

    tables: Tables
    columns: Mapping[Table, Sequence[str]]
    as_of: date


def odd_cells() -> st.SearchStrategy[Case]:
    """Few columns with cells nobody would think of."""
    return tables().map(lambda found: Case(found, COLUMNS, AS_OF))


def businesses() -> st.SearchStrategy[Case]:
    """All columns with cells a business may have."""
    return st.integers(1, 1_000_000).map(_business)


def _business(seed: int) -> Case:
    case = draw(seed)
    columns = {Table(name): tuple(found) for name, found in case.columns.items()}
    rows = {
        table: [{name: row.get(name) or None for name in found} for row in case.tables[table]]
        for table, found in columns.items()
    }
    return Case(rows, columns, case.as_of)


@settings(settings.get_profile("engine"), max_examples=examples(1, 3))
@given(
    told=overrides(),
    case=odd_cells() | businesses(),
    language=st.sampled_from(["en", "nl"]),
    places=st.lists(st.integers(0, 59), max_size=3, unique=True),
)
def test_sql_python_and_one_account_alone_agree_whatever_the_parameters(
    told: Told, case: Case, language: str, places: list[int]
) -> None:
    rules = overridden(told)
    expected = by_python(rules, case.tables, language=language, columns=case.columns, as_of=case.as_of)
    with tempfile.TemporaryDirectory() as folder:
        files = as_parquet(Path(folder), case.tables, case.columns)
        asked = EvaluationRequest(files, case.as_of, ZONE, "EUR", language, keep_all=True)
        everybody = loaded(dumped(DuckDb().standing(rules, asked, lambda *_: None)))
        with closing(DuckDb().evaluate(rules, asked, lambda *_: None)) as evaluation:
            found = cells_of(evaluation)
            assert found.keys() == expected.keys()
            for account, cells in found.items():
                assert {n: c for n, c in cells.items() if c != expected[account][n]} == {}, account
            for account in (sorted(found)[place] for place in places if place < len(found)):
                whole, alone = evaluation.explain(account), one(rules, asked, everybody, account)
                assert whole is not None
                assert alone is not None
                assert differing(alone.explanation(), whole) == {}, account


@settings(settings.get_profile("engine"), max_examples=examples(2, 5))
@given(told=overrides(DEFAULTS, empty=False), seed=st.integers(1, 1_000_000))
def test_every_output_compared_is_what_the_specification_says_whatever_the_parameters(told: Told, seed: int) -> None:
    overridden(told)
    with tempfile.TemporaryDirectory() as folder:
        assert differences(replace(draw(seed), parameters=told), Path(folder)) == []
