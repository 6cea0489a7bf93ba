"""How long a runbook's text or a command may become with values in it. Pure.

Templates are bounded in their parts, values in their characters; what comes of many of both is bounded here,
while it is made and not after.
"""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Template

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.texts import Text

MOST_BYTES = 1024 * 1024


class TooLong(Refused):
    """A text that becomes longer than `MOST_BYTES`, in UTF-8."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "値を入れた手順書またはコマンドが長すぎます（1 MiB まで）。",
                "the runbook or one of its commands becomes too long with its values (1 MiB at most).",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "値を短く、または少なくするか、手順書を分けてください。",
                "Give shorter or fewer values, or part the runbook.",
            ),
        )


class Room:
    """What is left of the length of one text."""

    def __init__(self) -> None:
        self._left = MOST_BYTES

    def take(self, words: str) -> str:
        """The words, taken off. Raises `TooLong` where there is no room for them."""
        self._left -= len(words.encode())
        if self._left < 0:
            raise TooLong
        return words

    def filled(self, template: Template, values: Mapping[str, object]) -> str:
        """A template with its values, taken off piece by piece. Raises `TooLong`, and as Jinja does."""
        return "".join(self.take(piece) for piece in template.generate(values))
