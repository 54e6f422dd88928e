"""The functions the rendered rules call by name, as DuckDB macros (rules/sql/render.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FUNCTIONS = """
-- whole numbers of the smallest units; to 12 decimals, NULL where below is 0. One digit more is cut off and then
-- rounded, half away from zero: each operand is worked out once, for databases do so again wherever it stands in a CASE
create macro quotient(above, below, factor) as cast(
    cast((above * (factor * 10)) // nullif(below, 0) as decimal(38, 0)) * 0.0000000000001 as decimal(38, 12));

-- a number of days or months, without what follows the point; none needs more than the calendar has
create macro whole_number(x) as case
    when x > 4000000 then 4000000 when x < -4000000 then -4000000 else cast(trunc(x) as int) end;
-- clamped to the month's last day, and to the calendar's ends
create macro within_calendar(day) as
    case when day is not null then least(greatest(day, date '0001-01-01'), date '9999-12-31') end;
create macro months_later(day, n) as within_calendar(cast(day + to_months(
    case when n > 120000 then 120000 when n < -120000 then -120000 else n end) as date));
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

-- a text that is too long, cut between two words; inside one only where that one takes half of it
create macro whole_words(head, next) as case when next = ' ' then head else regexp_replace(head, ' [^ ]*$', '') end;
create macro cut_to(piece, longest) as rtrim(
    case when length(whole_words(left(piece, longest - 1), substr(piece, longest, 1))) > longest // 2
        then whole_words(left(piece, longest - 1), substr(piece, longest, 1)) else left(piece, longest - 1) end,
    ' ,;:') || '…';

-- pieces that are not NULL, as many as fit; the first is cut when it alone is too long, and then stands alone
create macro fitting(pieces, glue, longest) as list_transform(
    [list_filter(pieces, lambda piece: piece is not null)],
    lambda found: case when length(found[1]) > longest then cut_to(found[1], longest) else list_reduce(
        found,
        lambda said, piece: case
            when said = '' then piece
            when length(said) + length(glue) + length(piece) <= longest then said || glue || piece
            else said end,
        '') end)[1];
"""


def define(db: DuckDBPyConnection) -> None:
    """Define them in a database."""
    db.execute(FUNCTIONS)
