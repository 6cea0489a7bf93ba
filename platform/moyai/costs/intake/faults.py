"""What is wrong with a file that was to be imported: all of it at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Lang, Text, visible

TWO_COLUMNS = Text("列が2つあります", "there are two such columns")
MOST = 200
"""How many faults are told of in full; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `line` counts from 1 (of Parquet: the row); None: the file as a whole."""

    file: str
    line: int | None
    column: str | Text | None
    """As the file has it, or as it would be called in either language."""
    reason: Text

    def render(self, lang: Lang) -> str:
        """`costs.csv:17: BilledCost: …`, one line whatever the file's own words are."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        own = self.column.of(lang) if isinstance(self.column, Text) else self.column
        column = "" if own is None else f" {own}:"
        return visible(f"{place}:{column} {self.reason.of(lang)}")


@dataclass(slots=True)
class Faults:
    """Faults as they are found."""

    found: list[Fault] = field(default_factory=list)
    more: int = 0
    """How many were found beyond those."""

    def add(self, file: str, line: int | None, column: str | Text | None, reason: Text) -> None:
        """Note one; beyond `MOST` it is only counted."""
        if len(self.found) < MOST:
            self.found.append(Fault(file, line, column, reason))
        else:
            self.more += 1

    def __bool__(self) -> bool:
        return bool(self.found)

    def raise_if_any(self) -> None:
        """Raises `IntakeError` with all of them."""
        if self.found:
            raise IntakeError(self.found, self.more)


class IntakeError(UsageError):
    """Files that cannot be imported as they are; nothing was."""

    def __init__(self, faults: Iterable[Fault], more: int = 0) -> None:
        self.faults = tuple(sorted(faults, key=_place))
        self.more = more
        count = len(self.faults) + more
        super().__init__(
            Text(
                f"取り込めませんでした（誤り {count} 件）。",
                f"not imported: {count} {'fault' if count == 1 else 'faults'}.",
            ),
            touched=NOTHING_TOUCHED,
        )

    def lines(self, lang: Lang) -> tuple[str, ...]:
        """Each fault with its place, then how many more there are."""
        head, *tail = super().lines(lang)
        told = [fault.render(lang) for fault in self.faults]
        if self.more:
            told.append(Text(f"ほか {self.more} 件", f"and {self.more} more").of(lang))
        return (head, *told, *tail)


def _place(one: Fault) -> tuple[str, int, str]:
    column = one.column.en if isinstance(one.column, Text) else one.column
    return one.file, one.line or 0, column or ""
