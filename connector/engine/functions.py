"""The functions the rendered rules call by name, as DuckDB macros (rules/sql.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FUNCTIONS = """
-- whole numbers of the smallest units; to 12 decimals, NULL where below is 0. One digit more is cut off and then
-- rounded, half away from zero: each operand is worked out once, for databases do so again wherever it stands in a CASE
create macro quotient(above, below, factor) as cast(
    cast((above * (factor * 10)) // nullif(below, 0) as decimal(38, 0)) * 0.0000000000001 as decimal(38, 12));

-- clamped to the month's last day
create macro months_later(day, n) as cast(day + to_months(n) as date);
create macro months_apart(first, last) as
    (year(last) - year(first)) * 12 + month(last) - month(first)
    - case when cast(first + to_months(cast(
        (year(last) - year(first)) * 12 + month(last) - month(first) as int)) as date) > last then 1 else 0 end;
create macro whole_months(first, last) as
    case when last >= first then months_apart(first, last) else -months_apart(last, first) end;
create macro quarter_number(day) as year(day) * 4 + quarter(day);

-- the division of an activity code: the two digits it begins with, after a section's letter
create macro division_of(code) as
    try_cast(nullif(regexp_extract(code, '^\\s*[A-Za-z]?\\s*(\\d\\d)', 1), '') as bigint);

-- labels in the order of the options; an option without a label stands for itself
create macro labelled(joined, options, labels) as array_to_string(list_transform(string_split(joined, ';'),
    lambda option: coalesce(labels[list_position(options, option)], option)), ', ');

-- canonical: no needless zeros
create macro number_text(x) as rtrim(rtrim(cast(x as varchar), '0'), '.');
create macro money_text_en(whole, sign_before) as
    case when whole < 0 then '-' else '' end || sign_before || format('{:,}', abs(whole));
create macro money_text_nl(whole, sign_before) as
    sign_before || ' ' || case when whole < 0 then '-' else '' end || replace(format('{:,}', abs(whole)), ',', '.');
-- an amount of cents: as a float it is told apart from its neighbours up to 90 thousand milliards
create macro cents_text_en(x, sign_before) as
    replace(sign_before || format('{:,.2f}', cast(x as double)), sign_before || '-', '-' || sign_before);
create macro cents_text_nl(x, sign_before) as
    sign_before || ' ' || translate(format('{:,.2f}', cast(x as double)), ',.', '.,');
create macro day_text_nl(day) as strftime(day, '%d-%m-%Y');

-- a JSON list of sorted options joined by ;, empty ones left out
create macro json_list(joined) as case when coalesce(ltrim(joined, ';'), '') = '' then '[]'
    else concat('[', replace(to_json(ltrim(joined, ';'))::varchar, ';', '", "'), ']') end;

-- pieces that are not NULL, as many as fit; the first is cut when it alone is too long
create macro fitting(pieces, glue, longest) as list_reduce(
    list_filter(pieces, lambda piece: piece is not null),
    lambda said, piece: case
        when said = '' and length(piece) > longest then left(piece, longest - 1) || '…'
        when said = '' then piece
        when length(said) + length(glue) + length(piece) <= longest then said || glue || piece
        else said end,
    '');
"""


def define(db: DuckDBPyConnection) -> None:
    """Define them in a database."""
    db.execute(FUNCTIONS)
