"""Charts as SVG: pure functions of labels and whole yen. No script; a title and a description for those
who do not see them. What is foreign is escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from math import ceil, floor, log10
from unicodedata import east_asian_width

from moyai.costs.documents.written import plain, signed
from moyai.texts import Lang

COLOURS = (
    "#1f4e79",
    "#e07b39",
    "#3a8f6b",
    "#8e6bb0",
    "#c2a83e",
    "#4fa3c7",
    "#b5495b",
    "#6b7a3a",
    "#7f7f7f",
    "#2f2f5f",
)
"""Told apart in print too: neighbours differ in lightness. They repeat after ten."""
_FONT = "'Noto Sans JP', 'Hiragino Sans', 'Yu Gothic', sans-serif"
_WIDTH = 900
_HEIGHT, _LEFT, _TOP, _BOTTOM = 250, 110, 10, 216
"""Of charts over time: without their legend; where yen begin, to the left and up and down."""
_BAR, _BETWEEN = 11, 3
_BAR_OF_MANY, _BETWEEN_GROUPS = 15, 9
"""Of several series: amounts of a label stand one below the other, each as high as its sign."""
_MOST_BARS = 20
_LABEL_SIGNS = 15
_HALF_SIGNS = 11
_HALF_SIGNS_OF_MANY = 13
_LEGEND_SIGNS = 19
"""Japanese signs, as high as wide, for which there is room."""
_NARROW = 0.58
"""How wide others are at most in words, in signs."""
_LINE = 14
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """A name and a value for each label, whole yen; None where nothing is on record."""

    name: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart is called, what it says, and by which name a page knows it."""

    key: str
    """Unique in a page: `by-rule`."""
    title: str
    says: str
    lang: Lang


Drawing = Callable[[Words, Sequence[str], Sequence[Series]], str]
"""A chart of series over labels."""


def bars(words: Words, labels: Sequence[str], series: Sequence[Series]) -> str:
    """A bar to the right for each label and series, its yen beside it; many labels stand in two columns.
    Those of several series have the height for two lines: long ones break before what is in brackets."""
    halves = 2 if len(labels) * len(series) > _MOST_BARS else 1
    rows = -(-len(labels) // halves)
    bar, between = (_BAR, _BETWEEN) if len(series) < 2 else (_BAR_OF_MANY, _BETWEEN_GROUPS)
    step = bar * len(series) + between
    left, right, signs = (190, 130, _LABEL_SIGNS) if halves == 1 else (145, 95, _HALF_SIGNS)
    if halves > 1 and len(series) > 1:
        left, signs = 165, _HALF_SIGNS_OF_MANY
    room = _WIDTH / halves
    scale = _Scale([0, *(value or 0 for one in series for value in one.values)], left, room - right)
    drawn = []
    for at, label in enumerate(labels):
        x, y = room * (at // max(rows, 1)), 4 + at % max(rows, 1) * step
        middle = y + (step - between) / 2 + 4
        shown = _broken(label, signs) if len(series) > 1 else [_short(label, signs)]
        for line, said in enumerate(shown):
            above = (len(shown) - 1) * _LINE / 2 - line * _LINE
            drawn.append(_text(x + left - 8, middle - above, said, "end"))
        for place, one in enumerate(series):
            value, top = one.values[at] or 0, y + place * bar
            start, end = sorted((scale.of(0), scale.of(value)))
            colour = COLOURS[place % len(COLOURS)]
            drawn.append(_rect(x + start, top, max(end - start, 0.5), bar - 1, colour))
            drawn.append(_text(x + end + 6, top + bar / 2 + 4, signed(value, words.lang, 0)))
    height = step * rows + 8
    if len(series) < 2:
        return _svg(words, height, drawn)
    legend, more = _legend([one.name for one in series], height + 4)
    return _svg(words, height + 4 + more, drawn + legend)


def stacked_bars(words: Words, labels: Sequence[str], series: Sequence[Series]) -> str:
    """A column for each label, its series one above the other; what is below zero goes down. A label of
    which nothing is on record has none."""
    sums = [
        sum(value for value in column if value is not None and (value > 0) == up)
        for column in zip(*(one.values for one in series), strict=True)
        for up in (True, False)
    ]
    axes = _Axes(sums, labels, series, words.lang)
    drawn, scale = axes.drawn(), axes.scale
    width = min(axes.room * 0.62, 70)
    for at, middle in enumerate(axes.spots):
        up = down = 0
        for place, one in enumerate(series):
            value = one.values[at]
            if value is None:
                continue
            start = up if value > 0 else down
            y, end = sorted((scale.of(start), scale.of(start + value)))
            colour = COLOURS[place % len(COLOURS)]
            drawn.append(_rect(middle - width / 2, y, width, end - y, colour))
            up, down = (up + value, down) if value > 0 else (up, down + value)
    legend, more = _legend([one.name for one in series], _HEIGHT)
    return _svg(words, _HEIGHT + more, drawn + legend)


def lines(words: Words, labels: Sequence[str], series: Sequence[Series]) -> str:
    """A line for each series over the labels, broken where nothing is on record."""
    values = [value for one in series for value in one.values if value is not None]
    axes = _Axes(values, labels, series, words.lang)
    drawn = axes.drawn()
    for place, one in enumerate(series):
        colour = COLOURS[place % len(COLOURS)]
        points = [
            None if value is None else (x, axes.scale.of(value))
            for x, value in zip(axes.spots, one.values, strict=True)
        ]
        for is_gap, run in groupby(points, key=lambda point: point is None):
            if is_gap:
                continue
            joined = [point for point in run if point is not None]
            path = " ".join(f"{_number(x)},{_number(y)}" for x, y in joined)
            if len(joined) > 1:
                drawn.append(
                    f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
                )
            drawn += [
                f'<circle cx="{_number(x)}" cy="{_number(y)}" r="3.5" fill="{colour}"/>'
                for x, y in joined
            ]
    legend, more = _legend([one.name for one in series], _HEIGHT)
    return _svg(words, _HEIGHT + more, drawn + legend)


class _Axes:
    """Yen upwards, labels side by side; a label of which nothing is on record has a dash above it."""

    def __init__(
        self, values: Sequence[int], labels: Sequence[str], series: Sequence[Series], lang: Lang
    ) -> None:
        self.scale = _Scale([0, *values], _BOTTOM, _TOP)
        self.room = (_WIDTH - _LEFT - 20) / max(len(labels), 1)
        self.spots = [_LEFT + self.room * (at + 0.5) for at in range(len(labels))]
        self._labels, self._series, self._lang = labels, series, lang

    def drawn(self) -> list[str]:
        """The grid and the labels."""
        found = _grid(self.scale, _LEFT, self._lang)
        for at, (x, label) in enumerate(zip(self.spots, self._labels, strict=True)):
            found.append(_text(x, _BOTTOM + 18, _short(label, _LABEL_SIGNS), "middle"))
            if self._series and all(one.values[at] is None for one in self._series):
                found.append(_text(x, self.scale.of(0) - 6, "–", "middle"))
        return found


class _Scale:
    """From yen to points between two ends, zero among them, by round ticks."""

    def __init__(self, values: Sequence[int], low: float, high: float) -> None:
        self._low, self._high = low, high
        least, most = min(values), max(values)
        size = max(most - least, 1)
        step: int = 10 ** floor(log10(max(size / _TICKS, 1)))
        step *= next(times for times in (1, 2, 5, 10) if size / (step * times) <= _TICKS + 1)
        self.first = floor(least / step) * step
        self.last = max(ceil(most / step) * step, self.first + step)
        self.ticks = range(self.first, self.last + 1, step)

    def of(self, value: int) -> float:
        part = (value - self.first) / (self.last - self.first)
        return self._low + part * (self._high - self._low)


def _grid(scale: _Scale, left: float, lang: Lang) -> list[str]:
    found = []
    for tick in scale.ticks:
        y = _number(scale.of(tick))
        found.append(f'<line x1="{left}" x2="{_WIDTH - 10}" y1="{y}" y2="{y}" stroke="#d5dce3"/>')
        found.append(_text(left - 8, scale.of(tick) + 4, signed(tick, lang, 0), "end"))
    return found


def _legend(names: Sequence[str], top: float) -> tuple[list[str], int]:
    """Names by their colours, three a row, and how high they are."""
    found = []
    for place, name in enumerate(names):
        x, y = 110 + place % 3 * 265, top + place // 3 * 20
        found.append(_rect(x, y, 11, 11, COLOURS[place % len(COLOURS)]))
        found.append(_text(x + 17, y + 10, _short(name, _LEGEND_SIGNS)))
    return found, -(-len(names) // 3) * 20 + 4


def _svg(words: Words, height: float, drawn: Sequence[str]) -> str:
    key = escape(words.key)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_number(height)}" role="img" '
        f'aria-labelledby="{key}-title {key}-says" font-family="{_FONT}" font-size="12" fill="#1a1a1a">'
        f'<title id="{key}-title">{escape(plain(words.title))}</title>'
        f'<desc id="{key}-says">{escape(plain(words.says))}</desc>{"".join(drawn)}</svg>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}">{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    size = f'width="{_number(width)}" height="{_number(height)}"'
    return f'<rect x="{_number(x)}" y="{_number(y)}" {size} fill="{colour}"/>'


def _short(words: str, signs: float) -> str:
    """Words as far as there is room for them. `signs`: of Japanese ones."""
    kept = plain(words)
    if _wide(kept) <= signs:
        return kept
    while _wide(kept) > signs - 1:
        kept = kept[:-1]
    return f"{kept}…"


def _broken(words: str, signs: float) -> list[str]:
    """The same in one line, or in two where there is a bracket to break before."""
    kept = plain(words)
    at = max(kept.find("（"), kept.find("("))
    if _wide(kept) <= signs or at < 1:
        return [_short(kept, signs)]
    return [_short(kept[:at].rstrip(), signs), _short(kept[at:], signs)]


def _wide(words: str) -> float:
    """How wide words are, in Japanese signs."""
    return sum(1 if east_asian_width(sign) in "WFA" else _NARROW for sign in words)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
