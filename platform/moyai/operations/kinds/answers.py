"""What a body answers, told apart from what says nothing of any body.

Whoever asks a body meets failures of two kinds: those of the body, which are judged, and `NOBODY_CAN_SAY`,
which are of tenants.yaml or the site and pass as they are. Kinds catch failures in general nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import NOBODY_CAN_SAY, Unavailable

_T = TypeVar("_T")


def answer_of(ask: Callable[[], _T]) -> _T | MoyaiError:
    """What a body answers, or what is wrong with it. Raises one of `NOBODY_CAN_SAY` as it is."""
    try:
        return ask()
    except NOBODY_CAN_SAY:
        raise
    except MoyaiError as error:
        return error


def available(ask: Callable[[], _T]) -> _T:
    """What a body answers. Raises `Unavailable` with what is wrong with it, and as `answer_of`."""
    found = answer_of(ask)
    if isinstance(found, MoyaiError):
        raise Unavailable(found.what, remedy=found.remedy) from found
    return found
