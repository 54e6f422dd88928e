"""What is called by name is what Arrow's own wrappers of it do."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from connector.engine.tables.picking import among, any_of, folded, keys, pick

TEXTS = ["a", "A ", " a", "", " ", None, "É", "İ", "ß", "a\x1fb", "\ta", "Straße 1"]


@pytest.fixture
def column() -> pa.ChunkedArray:
    return pa.chunked_array([TEXTS[:5], TEXTS[5:]], pa.string())


@pytest.mark.parametrize("wanted", [set(), {"a"}, {"", "É"}, {"gone"}])
def test_rows_are_picked_as_arrow_filters_them(column: pa.ChunkedArray, wanted: set[str]) -> None:
    mask = among(column, wanted)
    assert mask.to_pylist() == [text in wanted for text in TEXTS]
    assert any_of(mask) is any(text in wanted for text in TEXTS)
    table = pa.table({"text": column, "row": list(range(len(TEXTS)))})
    assert pick(table, mask).equals(table.filter(mask))
    assert pick(column, mask).equals(column.filter(mask))


def test_no_row_is_none_of_any() -> None:
    assert any_of(among(pa.chunked_array([[]], pa.string()), {"a"})) is False


def test_keys_are_trimmed_and_told_without_case_unless_exact(column: pa.ChunkedArray) -> None:
    trimmed = pc.utf8_trim(column, characters=" ")
    exact, other = (pc.if_else(pc.equal(text, ""), None, text) for text in (trimmed, pc.utf8_lower(trimmed)))
    assert keys([column], exact=[True]).equals(exact)
    assert keys([column], exact=[False]).equals(other)
    both = keys([column, column], exact=[True, False])
    assert both.equals(pc.binary_join_element_wise(exact, other, "\x1f"))
    assert both.to_pylist()[0] == "a\x1fa"


@pytest.mark.parametrize("text", [text for text in TEXTS if text])
def test_one_text_is_told_as_a_column_of_it(text: str) -> None:
    assert folded(text) == pc.utf8_lower(pa.array([text]))[0].as_py()
