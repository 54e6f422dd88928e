"""Rows of Arrow tables picked by key, with the few functions of Arrow that takes, called by their names.

`pyarrow.compute` wraps the same functions and 300 more when it is imported, which takes 35 ms: a tenth of `explain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow._compute import SetLookupOptions, TrimOptions, call_function

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


SEPARATOR = "\x1f"
"""Between the parts of a key: a control character, which nobody types."""


def among(column: pa.ChunkedArray, wanted: Collection[str]) -> pa.ChunkedArray:
    """Whether each value is one of these; no value is none of them."""
    options = SetLookupOptions(pa.array(sorted(wanted), pa.string()), skip_nulls=False)
    return call_function("is_in", [column], options)


def any_of(mask: pa.ChunkedArray) -> bool:
    """Whether anything is picked."""
    return call_function("any", [mask]).as_py() is True


def pick(rows: pa.Table | pa.ChunkedArray, mask: pa.ChunkedArray) -> pa.Table | pa.ChunkedArray:
    """The rows where the mask is true."""
    return call_function("filter", [rows, mask])


def folded(text: str) -> str:
    """A text as `keys` compares it."""
    found: str = call_function("utf8_lower", [text]).as_py()
    return found


def keys(columns: Sequence[pa.ChunkedArray], *, exact: Sequence[bool]) -> pa.ChunkedArray:
    """One text per row of some columns, trimmed and where not `exact` without case; null where one is empty."""
    parts = []
    for column, as_it_is in zip(columns, exact, strict=True):
        text = call_function("utf8_trim", [column], TrimOptions(" "))
        text = text if as_it_is else call_function("utf8_lower", [text])
        parts.append(call_function("if_else", [call_function("equal", [text, ""]), None, text]))
    return parts[0] if len(parts) == 1 else call_function("binary_join_element_wise", [*parts, SEPARATOR])
