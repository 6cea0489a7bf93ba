"""What happens on the way to an engine, told to whoever asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from moyai.texts import Lang, Text

Kind = Literal[
    "damaged", "waiting", "trying", "failed", "downloading", "compiling", "checking", "ready"
]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    kind: Kind
    text: Text
    done: int | None = None
    """Modules downloaded, or packages compiled, so far."""
    total: int | None = None
    """How many there may be at most, where that is known."""

    def of(self, lang: Lang) -> str:
        """The step as a sentence in one language."""
        return self.text.of(lang)


Progress = Callable[[Step], object]


class Pace:
    """Lets through one step in a while, so that a pipe does not get a line for each package."""

    def __init__(self, progress: Progress, seconds: float) -> None:
        self._progress = progress
        self._seconds = seconds
        self._next = time.monotonic() + seconds

    def tell(self, step: Step) -> None:
        """Tell a step, unless the last one was told a moment ago."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds
            self._progress(step)
