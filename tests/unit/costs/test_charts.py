"""Charts: SVG that is well formed, said in words, to scale, and escapes what is foreign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.costs.documents.charts import Series, Words, bars, lines, stacked_bars
from moyai.costs.documents.paper import Bundle, Chart, Column, Paper, Row, Table, text, yen
from moyai.costs.documents.pdf import pages

WORDS = Words("by-rule", "費用 <区分>", "電子申請 1,000 & 文書 2,000", "ja")
SVG = "{http://www.w3.org/2000/svg}"

_yen = st.integers(-(10**13), 10**13)


def _tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


@given(st.lists(st.tuples(st.text(max_size=40), _yen), max_size=12))
def test_any_labels_and_amounts_are_well_formed(items: list[tuple[str, int]]) -> None:
    labels = [label for label, _ in items]
    amounts = tuple(amount for _, amount in items)
    for svg in (
        bars(WORDS, labels, amounts),
        stacked_bars(WORDS, labels, [Series("一", amounts), Series("<二>", amounts[::-1])]),
        lines(WORDS, labels, [Series("一", amounts)]),
    ):
        tree = _tree(svg)
        assert tree.findtext(f"{SVG}title") == "費用 <区分>"
        assert tree.findtext(f"{SVG}desc") == "電子申請 1,000 & 文書 2,000"
        assert tree.get("role") == "img"
        for rect in tree.iter(f"{SVG}rect"):
            assert float(rect.get("height", "")) >= 0
            assert float(rect.get("width", "")) >= 0


def test_bars_are_as_long_as_their_amounts() -> None:
    tree = _tree(bars(WORDS, ["a", "b"], [1_000, 500]))
    longer, shorter = (float(rect.get("width", "")) for rect in tree.iter(f"{SVG}rect"))
    assert longer == pytest.approx(2 * shorter, rel=0.01)
    assert [text.text for text in tree.iter(f"{SVG}text")] == ["a", "1,000", "b", "500"]


def test_stacks_are_as_high_as_their_sums_and_credits_go_down() -> None:
    tree = _tree(
        stacked_bars(
            WORDS, ["4月"], [Series("a", (300,)), Series("b", (100,)), Series("c", (-100,))]
        )
    )
    first, second, credit, *_ = tree.iter(f"{SVG}rect")
    top = float(second.get("y", ""))
    assert top + float(second.get("height", "")) == pytest.approx(
        float(first.get("y", "")), abs=0.02
    )
    base = float(first.get("y", "")) + float(first.get("height", ""))
    assert float(credit.get("y", "")) == pytest.approx(base, abs=0.02)


@pytest.mark.parametrize("draw", [stacked_bars, lines])
def test_the_same_values_draw_the_same(draw: Callable[..., str]) -> None:
    series = [Series("a", (1, 2)), Series("b", (3, -4))]
    assert draw(WORDS, ["x", "y"], series) == draw(WORDS, ["x", "y"], series)


def test_what_follows_a_chart_fills_the_page_that_it_does_not_fit_on() -> None:
    labels = [f"団体{at}" for at in range(23)]
    drawn = bars(Words("bodies", "団体別", "団体別", "ja"), labels[:20], list(range(20)))
    rows = tuple(Row((text(label), yen(at))) for at, label in enumerate(labels))
    long, short = (
        Table("表", (Column("団体", 1), Column("円", 1, numeric=True)), rows[:count])
        for count in (23, 8)
    )
    chart = Chart(drawn, "団体別", "団体別")
    paper = Paper(
        title="総括表",
        sheet="総括表",
        number="1",
        to="事務局",
        sender=("事務局",),
        dated="",
        opening="",
        amount=("計", yen(0)),
        blocks=(long, chart, short, chart, short),
        basis=(),
    )
    bundle = Bundle("bodies", "総括表", "事務局", "ja", date(2026, 6, 1), (paper,))
    assert len(pages(bundle, 20)) == 2
