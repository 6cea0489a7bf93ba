"""Looks inside a body's environment, taken by jobs that change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from moyai.jobs.failures import JobFailed

_T = TypeVar("_T")


def looked(look: Callable[[], _T]) -> _T:
    """What a job finds that only reads, asked once more where its task was cut off: that is not the body's.

    Raises as `look` does: `JobFailed` where the second was cut off too.
    """
    try:
        return look()
    except JobFailed as error:
        if not error.was_cut_off:
            raise
    return look()
