"""Charts: SVG that is well formed, said in words, to scale, and escapes what is foreign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.costs.reading import pdf_pages, pdf_text

from moyai.costs.documents.charts import Series, Words, bars, lines, stacked_bars
from moyai.costs.documents.paper import Bundle, Chart, Column, Heading, Paper, Row, Table, text, yen
from moyai.costs.documents.pdf import pages, pdf

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
        bars(WORDS, labels, [Series("一", amounts)]),
        bars(WORDS, labels, [Series("一", amounts), Series("<二>", amounts[::-1])]),
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
    tree = _tree(bars(WORDS, ["a", "b"], [Series("円", (1_000, 500))]))
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


def test_a_line_is_broken_where_nothing_is_on_record_and_goes_through_zero() -> None:
    tree = _tree(lines(WORDS, [*"abcdef"], [Series("円", (100, 0, None, 300, None, 500))]))
    paths = [one.get("points", "").split() for one in tree.iter(f"{SVG}polyline")]
    circles = [float(one.get("cx", "")) for one in tree.iter(f"{SVG}circle")]
    assert [len(path) for path in paths] == [2]
    assert len(circles) == 4
    spots = {one.text: float(one.get("x", "")) for one in tree.iter(f"{SVG}text")}
    assert circles == [spots[label] for label in "abdf"]
    dashes = [one for one in tree.iter(f"{SVG}text") if one.text == "–"]
    assert [float(one.get("x", "")) for one in dashes] == [spots["c"], spots["e"]]


def test_a_month_without_a_record_has_its_place_and_no_column() -> None:
    tree = _tree(stacked_bars(WORDS, ["4月", "5月", "6月"], [Series("円", (300, None, 100))]))
    columns = [one for one in tree.iter(f"{SVG}rect") if float(one.get("height", "")) != 11]
    middles = [float(one.get("x", "")) + float(one.get("width", "")) / 2 for one in columns]
    spots = {one.text: float(one.get("x", "")) for one in tree.iter(f"{SVG}text")}
    assert middles == pytest.approx([spots["4月"], spots["6月"]])
    assert spots["–"] == spots["5月"]


def test_bars_of_many_labels_stand_in_two_columns_of_one_scale() -> None:
    labels = [f"団体{at}" for at in range(41)]
    tree = _tree(bars(WORDS, labels, [Series("円", tuple(range(41, 0, -1)))]))
    bars_ = list(tree.iter(f"{SVG}rect"))
    assert len(bars_) == 41
    unit = float(bars_[0].get("width", "")) / 41
    for at, bar in enumerate(bars_):
        assert float(bar.get("width", "")) == pytest.approx(unit * (41 - at), rel=0.02)
    assert len({bar.get("y") for bar in bars_}) == 21
    assert max(float(bar.get("x", "")) + float(bar.get("width", "")) for bar in bars_) < 900


def test_amounts_of_several_series_stand_clear_of_one_another() -> None:
    labels = ["全体", "大阪市", "堺市", "電子申請", "文書管理"]
    series = [Series("予算額", (9_000, 900, 300, 300, 3_000)), Series("執行額", (5, 0, 0, 7, 0))]
    texts = list(_tree(bars(WORDS, labels, series)).iter(f"{SVG}text"))
    amounts = [float(one.get("y", "")) for one in texts if one.get("text-anchor") == "start"]
    apart = [below - above for above, below in pairwise(amounts[:10])]
    assert min(apart) >= 14  # signs are 12 high
    # What belongs together is nearer.
    assert max(apart[::2]) < min(apart[1::2])


@pytest.mark.parametrize("count", [3, 12])
def test_labels_of_several_series_break_before_brackets_and_are_not_cut(count: int) -> None:
    labels = [f"eapp-{at} (committed over years)" for at in range(count)]
    labels[0] = "千早赤阪村 文書管理（債務負担行為）"
    series = [Series("Budget", (9_000,) * count), Series("Spent", (5,) * count)]
    texts = list(_tree(bars(WORDS, labels, series)).iter(f"{SVG}text"))
    said = [one.text for one in texts if one.get("text-anchor") == "end"]
    assert said[:4] == [
        "千早赤阪村 文書管理",
        "（債務負担行為）",
        "eapp-1",
        "(committed over years)",
    ]
    assert not [one for one in said if one and "…" in one]
    tops = [float(one.get("y", "")) for one in texts if one.get("text-anchor") == "end"]
    assert min(below - above for above, below in pairwise(tops[: count - count % 2])) >= 14


def test_a_label_takes_the_room_of_its_signs() -> None:
    wide, narrow = "市" * 30, "i" * 60
    texts = [
        one.text or ""
        for one in _tree(
            bars(WORDS, [wide, narrow, "City of Osaka, all services"], [Series("円", (1, 2, 3))])
        ).iter(f"{SVG}text")
    ]
    assert texts[0] == "市" * 14 + "…"
    assert texts[2].endswith("…")
    assert len(texts[2]) > 22
    assert texts[4] == "City of Osaka, all services"[:24] + "…"


@pytest.mark.parametrize("draw", [stacked_bars, lines])
def test_the_same_values_draw_the_same(draw: Callable[..., str]) -> None:
    series = [Series("a", (1, 2)), Series("b", (3, -4))]
    assert draw(WORDS, ["x", "y"], series) == draw(WORDS, ["x", "y"], series)


def _sheets(*kinds: str) -> Bundle:
    """A paper of long and short tables and charts, as they are told of."""
    labels = [f"団体{at}" for at in range(30)]
    rows = tuple(Row((text(label), yen(at))) for at, label in enumerate(labels))
    columns = (Column("団体", 1), Column("円", 1, numeric=True))
    drawn = bars(
        Words("bodies", "団体別", "団体別", "ja"), labels[:20], [Series("円", tuple(range(20)))]
    )
    blocks = {
        "long": Table("LONG", columns, rows),
        "short": Table("SHORT", columns, rows[:8]),
        "chart": Chart(drawn, "CHART", "団体別"),
        "heading": Heading("HEADING", together=True),
    }
    paper = Paper(
        title="総括表",
        sheet="総括表",
        number="1",
        to="事務局",
        sender=("事務局",),
        dated="",
        opening="",
        amount=("計", yen(0)),
        blocks=tuple(blocks[kind] for kind in kinds),
        basis=(),
    )
    return Bundle("bodies", "総括表", "事務局", "ja", date(2026, 6, 1), (paper,))


def test_what_follows_a_chart_fills_the_page_that_it_does_not_fit_on() -> None:
    bundle = _sheets("long", "chart", "short", "chart", "short")
    assert len(pages(bundle, 20)) == 2
    titles = ("LONG", "SHORT", "CHART")
    runs = [run for run in pdf_text(pdf(bundle)) if run in titles]
    assert runs == ["LONG", "SHORT", "CHART", "CHART", "SHORT"]


def test_a_chart_that_the_page_has_room_for_stands_where_it_is_told_of() -> None:
    bundle = _sheets("short", "chart", "short")
    runs = [run for run in pdf_text(pdf(bundle)) if run in ("SHORT", "CHART")]
    assert runs == ["SHORT", "CHART", "SHORT"]


@pytest.mark.parametrize("before", [1, 2, 3])
def test_what_is_to_be_together_stands_on_one_page(before: int) -> None:
    bundle = _sheets(*["short"] * before, "heading", "short", "chart")
    found = [
        [run for run in page if run in ("HEADING", "CHART")] for page in pdf_pages(pdf(bundle))
    ]
    assert [page for page in found if page] == [["HEADING", "CHART"]]


def test_what_is_to_be_together_and_fits_on_no_page_goes_on_over_pages() -> None:
    bundle = _sheets("heading", "long", "long", "chart")
    assert len(pages(bundle, 20)) >= 2
    runs = [run for run in pdf_text(pdf(bundle)) if run in ("HEADING", "LONG", "CHART")]
    assert runs == ["HEADING", "LONG", "LONG", "CHART"]
