"""Charts as SVG: pure functions of labels and whole yen. No script; a title and a description for those
who do not see them. What is foreign is escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

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
_LABEL_SIGNS = 16
_LEGEND_SIGNS = 19
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """A name and a value for each label, whole yen."""

    name: str
    values: tuple[int, ...]


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


def bars(words: Words, labels: Sequence[str], values: Sequence[int]) -> str:
    """A bar to the right for each label, its yen beside it."""
    step, left, right = 22, 190, 130
    height = step * len(labels) + 12
    scale = _Scale([0, *values], left, _WIDTH - right)
    drawn = []
    for at, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = 6 + at * step
        start, end = sorted((scale.of(0), scale.of(value)))
        drawn.append(_text(left - 8, y + 14, _short(label, _LABEL_SIGNS), "end"))
        drawn.append(_rect(start, y + 3, max(end - start, 0.5), step - 7, COLOURS[0]))
        drawn.append(_text(end + 6, y + 14, signed(value, words.lang, 0)))
    return _svg(words, height, drawn)


def stacked_bars(words: Words, labels: Sequence[str], series: Sequence[Series]) -> str:
    """A column for each label, its series one above the other; what is below zero goes down."""
    height, left, top, bottom = 320, 110, 14, 286
    sums = [
        sum(value for value in column if (value > 0) == up)
        for column in zip(*(one.values for one in series), strict=True)
        for up in (True, False)
    ]
    scale = _Scale([0, *sums], bottom, top)
    drawn = _grid(scale, left, words.lang)
    room = (_WIDTH - left - 20) / max(len(labels), 1)
    width = min(room * 0.62, 70)
    for at, label in enumerate(labels):
        x = left + room * (at + 0.5) - width / 2
        up = down = 0
        for place, one in enumerate(series):
            value = one.values[at]
            start = up if value > 0 else down
            y, end = sorted((scale.of(start), scale.of(start + value)))
            drawn.append(_rect(x, y, width, end - y, COLOURS[place % len(COLOURS)]))
            up, down = (up + value, down) if value > 0 else (up, down + value)
        drawn.append(_text(x + width / 2, bottom + 18, _short(label, _LABEL_SIGNS), "middle"))
    legend, more = _legend([one.name for one in series], height)
    return _svg(words, height + more, drawn + legend)


def lines(words: Words, labels: Sequence[str], series: Sequence[Series]) -> str:
    """A line for each series over the labels."""
    height, left, top, bottom = 320, 110, 14, 286
    scale = _Scale([0, *(value for one in series for value in one.values)], bottom, top)
    drawn = _grid(scale, left, words.lang)
    room = (_WIDTH - left - 20) / max(len(labels), 1)
    spots = [left + room * (at + 0.5) for at in range(len(labels))]
    for x, label in zip(spots, labels, strict=True):
        drawn.append(_text(x, bottom + 18, _short(label, _LABEL_SIGNS), "middle"))
    for place, one in enumerate(series):
        colour = COLOURS[place % len(COLOURS)]
        points = [(x, scale.of(value)) for x, value in zip(spots, one.values, strict=True)]
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [
            f'<circle cx="{_number(x)}" cy="{_number(y)}" r="3.5" fill="{colour}"/>'
            for x, y in points
        ]
    legend, more = _legend([one.name for one in series], height)
    return _svg(words, height + more, drawn + legend)


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


def _short(words: str, signs: int) -> str:
    kept = plain(words)
    return kept if len(kept) <= signs else f"{kept[: signs - 1]}…"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
