"""A service's own health statements, read out of `health.sql`: jobs and validation agree. Pure.

Each part begins with a line `-- check: NAME` and is one statement, which runs as the application
role. `%(probe)s` is this check's own random number (a UUID). A line `-- expect: probe` wants one row
whose first column is that number, `-- expect: rows` at least one row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from moyai.service_files import PROBE_LINE
from moyai.texts import Text

_NAME = re.compile(r"[a-z][a-z0-9-]*")

Expect = Literal["nothing", "probe", "rows"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One statement."""

    name: str
    sql: str
    expect: Expect
    line: int
    """Of its `-- check:`; lines count from 1."""
    text: str
    """All lines after that one, comments included."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file is no health check; lines count from 1."""

    line: int
    reason: Text


@dataclass(slots=True)
class _Part:
    """A part while it is read."""

    line: int
    name: str
    expect: Expect
    words: list[str]

    def statement(self) -> str | None:
        """Its one statement, or None where it is not one."""
        words = [x for x in self.words if x.strip() and not x.lstrip().startswith("--")]
        statement = "\n".join(words).strip().removesuffix(";")
        return statement if statement and ";" not in statement else None


def read(text: str) -> tuple[tuple[Probe, ...], tuple[Flaw, ...]]:
    """The probes of a text, in order, and everything that is wrong with it."""
    flaws: list[Flaw] = []
    parts: list[_Part] = []
    for number, line in enumerate(text.split("\n"), start=1):
        found = PROBE_LINE.fullmatch(line.removesuffix("\r"))
        if found is None:
            if parts:
                parts[-1].words.append(line)
        elif found["key"] == "expect":
            flaws += _expect(parts, number, found["value"])
            if parts:
                parts[-1].words.append("")  # so that lines count on
        else:
            name = found["value"]
            if _NAME.fullmatch(name) is None or name in {part.name for part in parts}:
                flaws.append(Flaw(number, _misnamed(name)))
            parts.append(_Part(number, name, "nothing", []))
    probes = []
    for part in parts:
        statement = part.statement()
        if statement is None:
            flaws.append(Flaw(part.line, _not_one(part.name)))
        else:
            text_of = "\n".join(part.words)
            probes.append(Probe(part.name, statement, part.expect, part.line, text_of))
    if not any(part.expect == "probe" for part in parts):
        flaws.append(Flaw(1, _READS_NOTHING))
    return tuple(probes), tuple(sorted(flaws, key=lambda flaw: flaw.line))


def _expect(parts: list[_Part], line: int, value: str) -> list[Flaw]:
    if value not in ("probe", "rows"):
        return [Flaw(line, _EXPECTS)]
    if not parts:
        return [Flaw(line, _TOO_EARLY)]
    parts[-1].expect = "probe" if value == "probe" else "rows"
    return []


_EXPECTS = Text("-- expect: は probe か rows です", "-- expect: is probe or rows")
_TOO_EARLY = Text(
    "-- expect: は -- check: の後に書きます", "-- expect: stands below the -- check: it is of"
)
_READS_NOTHING = Text(
    "書いた値を読み戻す検査（-- expect: probe）がありません",
    "no check (-- expect: probe) reads back what was written",
)


def _misnamed(name: str) -> Text:
    return Text(
        f"check の名前 {name} は、重なっているか使えません（小文字、数字、-）",
        f"the check name {name} is there twice, or not of small letters, digits and -",
    )


def _not_one(name: str) -> Text:
    return Text(f"検査 {name} は一つの文です", f"the check {name} has to be one statement")
