"""Laws of the report: whatever the base, its figures add up, and whatever a CRM holds stays text."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from connector.model.pictures import Pictures, Slice
from connector.report import measures
from connector.report.advice import view_advice, view_advised
from connector.report.cells import line
from connector.report.figures import Row, bars, pyramid
from connector.report.pyramid import LEVELS, view_pyramid
from tests.unit.report.bases import BENCHMARKS, WINDOW, advised
from tests.unit.report.document import read

amounts = st.integers(min_value=0, max_value=10**14)
revenues = st.lists(amounts, max_size=60)
HALF_A_TENTH = Fraction(1, 20)


@st.composite
def bases(draw: st.DrawFn) -> Pictures:
    """Draw customers, cut into the four levels at random places."""
    values = sorted(draw(st.lists(amounts, min_size=1, max_size=60)), reverse=True)
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(values)), min_size=3, max_size=3))), len(values)]
    levels = [
        Slice(level, cuts[i + 1] - cuts[i], cuts[i + 1] - cuts[i], sum(values[cuts[i] : cuts[i + 1]]))
        for i, level in enumerate(LEVELS)
    ]
    kept = [level for level in levels if level.customers or draw(st.booleans())]
    return Pictures(WINDOW, values, {"seg_pyramid_level": kept}, {}, benchmarks=BENCHMARKS)


@given(bases())
def test_the_levels_add_up_to_the_base(drawn: Pictures) -> None:
    view = view_pyramid(drawn)
    assert sum(level.customers for level in view.levels) == view.customers == len(drawn.revenues_cents)
    assert sum(level.revenue for level in view.levels) == view.revenue == measures.amount(sum(drawn.revenues_cents))


@given(bases())
def test_percentages_add_up_within_their_rounding(drawn: Pictures) -> None:
    view = view_pyramid(drawn)
    for shares in ([level.customers_pct for level in view.levels], [level.revenue_pct for level in view.levels]):
        known = [Fraction(share) for share in shares if share is not None]
        if known:
            assert len(known) == len(LEVELS)
            assert abs(sum(known, Fraction(-100))) <= HALF_A_TENTH * len(LEVELS)


@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_a_share_is_within_half_a_tenth_of_the_truth(part: int, whole: int) -> None:
    share = measures.share_pct(part, whole)
    assert share is not None
    assert abs(Fraction(share) - Fraction(100 * part, whole)) <= HALF_A_TENTH


@given(revenues)
def test_gini_lies_between_equal_and_all_from_one(values: list[int]) -> None:
    gini = measures.gini(values)
    assert gini is None if sum(values) == 0 else gini is not None and 0 <= gini < 1


@given(revenues, st.integers(1, 1_000))
def test_gini_does_not_depend_on_the_currency(values: list[int], rate: int) -> None:
    assert measures.gini(values) == measures.gini([value * rate for value in values])


@given(revenues)
def test_the_fewest_customers_for_80_pct_are_the_fewest(values: list[int]) -> None:
    fewest, best = measures.fewest_for(values, 80), sorted(values, reverse=True)
    if fewest is None:
        assert sum(values) == 0
        return
    assert sum(best[:fewest]) * 100 >= 80 * sum(values)
    assert sum(best[: fewest - 1]) * 100 < 80 * sum(values)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), max_size=30))
def test_money_saved_is_what_is_lost_and_nothing_more(nets: list[int | None]) -> None:
    view = view_advised(
        (view_advice(advised(str(i), net_contribution_cents=net)) for i, net in enumerate(nets)), keep=5
    )
    lost = [-net for net in nets if net is not None and net < 0]
    known = [net for net in nets if net is not None]
    assert view.total.money_saved == (measures.amount(sum(lost)) if known else None)


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
    st.text("=+-@;,\t\r\n '\"a1.\uff1d", max_size=12),
)


@given(st.lists(texts, min_size=1, max_size=5))
def test_csv_gives_every_text_back_but_for_the_apostrophes(values: list[str]) -> None:
    (read_back,) = csv.reader(io.StringIO(line([*values, "end"]), newline=""), strict=True)
    assert [value.replace("'", "") for value in read_back] == [*(value.replace("'", "") for value in values), "end"]


@given(texts)
def test_no_cell_starts_a_formula_unless_it_is_a_number(value: str) -> None:
    read_back, _ = next(csv.reader(io.StringIO(line([value, "end"]), newline=""), strict=True))
    if not re.fullmatch(r"-?\d+(\.\d+)?", read_back):
        for part in re.split(r"[;\t\r\n]", read_back):
            assert not part.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@given(st.lists(st.tuples(texts, st.decimals(0, 100, places=1)), max_size=6), texts)
def test_a_figure_is_well_formed_whatever_its_words(levels: list[tuple[str, Decimal]], title: str) -> None:
    rows = [Row(name, name, pct, strong=name, soft=name, says=name, benchmark=pct) for name, pct in levels]
    for draw in (pyramid, bars):
        svg = read(str(draw(rows, width=400, key="k", heading=title, title=title)))
        assert {one.name for one in svg.everything()} <= {"svg", "title", "desc", "text", "rect", "line"}
        widths = [Decimal(bar.attributes["width"]) for bar in svg.all("rect")]
        assert all(0 <= width <= 400 for width in widths)
        assert [width > 0 for width in widths] == [pct > 0 for _, pct in levels]
