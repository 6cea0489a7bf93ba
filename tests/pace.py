"""How long something takes against something else in the same minute: never against a clock alone."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds_of(run: Callable[[], object], repeats: int = 3) -> float:
    """Seconds of this process's processor time that a call takes: the least of some."""
    return min(_once(run) for _ in range(repeats))


def _once(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began
