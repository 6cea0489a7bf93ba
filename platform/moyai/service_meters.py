"""A service's own metering, read out of `metering.sql`: jobs and validation agree. Pure.

Each part begins with a line `-- meter: NAME` and is one statement that reads one number, as the application
role. `%(first)s` is the period's first day, `%(next)s` the first day after it; a literal `%` is `%%`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from moyai.service_files import METER_LINE
from moyai.sql_text import scan
from moyai.texts import Text

STORAGE = "storage"
"""Bytes of a subscription's objects and of its database, which the platform measures itself."""
REQUESTS = "requests"
"""HTTP requests; where a service does not meter them, load balancers may have counted them."""
_UNITS: Mapping[str, Text] = {
    STORAGE: Text("バイト", "bytes"),
    REQUESTS: Text("回", "requests"),
    "applications": Text("件", "applications"),
    "accounts": Text("人", "accounts"),
}
_OTHER = Text("件", "items")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PARAMETER = re.compile(r"%(?!%|\((?:first|next)\)s)|%%")
_READS = ("select", "with")


@dataclass(frozen=True, slots=True)
class Meter:
    """One statement."""

    name: str
    sql: str
    """All lines after its `-- meter:`, comments included."""
    line: int
    """Of its `-- meter:`; lines count from 1."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file is no metering; lines count from 1."""

    line: int
    reason: Text


@dataclass(slots=True)
class _Part:
    line: int
    name: str
    words: list[str] = field(default_factory=list)


def unit_of(meter: str) -> Text:
    """What a meter counts."""
    return _UNITS.get(meter, _OTHER)


def read(text: str) -> tuple[tuple[Meter, ...], tuple[Flaw, ...]]:
    """The meters of a text, in order, and everything that is wrong with it."""
    flaws: list[Flaw] = []
    parts: list[_Part] = []
    for number, line in enumerate(text.split("\n"), start=1):
        found = METER_LINE.fullmatch(line.removesuffix("\r"))
        if found is not None:
            name = found["name"]
            if _NAME.fullmatch(name) is None or name in {part.name for part in parts}:
                flaws.append(Flaw(number, _misnamed(name)))
            elif name == STORAGE:
                flaws.append(Flaw(number, _OWN))
            parts.append(_Part(number, name))
        elif parts:
            parts[-1].words.append(line)
    meters = tuple(Meter(part.name, "\n".join(part.words), part.line) for part in parts)
    for meter in meters:
        flaws += _flaws(meter)
    if not meters:
        flaws.append(Flaw(1, _EMPTY))
    return meters, tuple(sorted(flaws, key=lambda flaw: flaw.line))


def _flaws(meter: Meter) -> list[Flaw]:
    found = []
    statements = scan(meter.sql).statements
    if len(statements) != 1 or statements[0].words[0] not in _READS:
        found.append(Flaw(meter.line, _not_one(meter.name)))
    for number, line in enumerate(meter.sql.split("\n"), start=meter.line + 1):
        if any(one.group() == "%" for one in _PARAMETER.finditer(line)):
            found.append(Flaw(number, _PERCENT))
    return found


_EMPTY = Text("計量（-- meter: 名前）がありません", "there is no meter (-- meter: NAME)")
_OWN = Text("storage は Moyai が計ります", "storage is measured by Moyai itself")
_PERCENT = Text(
    "% は %(first)s、%(next)s、%% のどれかです", "% stands in %(first)s, %(next)s and %% only"
)


def _misnamed(name: str) -> Text:
    return Text(
        f"meter の名前 {name} は、重なっているか使えません（小文字、数字、-）",
        f"the meter name {name} is there twice, or not of small letters, digits and -",
    )


def _not_one(name: str) -> Text:
    return Text(
        f"計量 {name} は一つの SELECT です", f"the meter {name} has to be one SELECT statement"
    )
