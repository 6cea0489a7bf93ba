"""Lines of Japanese, which has no spaces to break at; rich would take a sentence for one word."""

from __future__ import annotations

import re
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

_PIECE = re.compile(r"[（「『]*(?:[!-~…]+|\S)[、。）」』・ー：…]*\s*|\s+")
"""What stays together: a word of Latin letters, or one sign, with the punctuation that belongs to it."""


def breaks(words: str, width: int) -> list[int]:
    """Where a line of words has to be broken so that no part is wider than `width` cells."""
    found: list[int] = []
    column = 0
    for match in _PIECE.finditer(words):
        piece = match[0]
        if column and column + cell_len(piece.rstrip()) > width:
            found.append(match.start())
            column = 0
        start = match.start()
        *whole, rest = chop_cells(piece.rstrip(), width) or [""]
        for part in whole:
            start += len(part)
            found.append(start)
        column = (
            cell_len(rest) + (0 if whole else column) + cell_len(piece) - cell_len(piece.rstrip())
        )
    return found


class JapaneseText(Text):
    """A text that breaks its lines as Japanese does."""

    def wrap(self, console: Console, width: int, **settings: Any) -> Lines:  # noqa: ARG002 - rich's
        """See `rich.text.Text.wrap`; lines are never cut."""
        lines = Lines()
        for line in self.split(allow_blank=True):
            lines.extend(line.divide(breaks(line.plain, width)))
        for line in lines:
            line.rstrip()
        return lines


def japanese_text(text: Text) -> JapaneseText:
    """The same text, broken so."""
    return JapaneseText(text.plain, style=text.style, spans=text.spans)
