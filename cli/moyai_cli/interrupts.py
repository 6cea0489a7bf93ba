"""Ctrl-C and SIGTERM wherever a command stands: it ends with exit code 4 and a sentence.

While engines run the driver has both (`Driver.heeding_signals`): what has begun ends in good order. At
any other moment `Interrupt` is raised, which no `except Exception` holds up.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moyai.errors import OperationFailed
    from moyai.texts import Text

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_SECONDS = 0.01
_raised: list[int] = []


class Interrupt(BaseException):
    """A signal asked the command to end."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__()
        self.number = number


def raise_on_signals(*, ignored_too: bool = False) -> None:
    """Raise `Interrupt` in the main thread for each signal from now on, but for ignored ones: a shell has what
    it starts in the background ignore Ctrl-C."""
    for number in _SIGNALS:
        if ignored_too or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)
    sys.unraisablehook = _not_lost


def raise_what_was_lost() -> None:
    """Raise `Interrupt` where one was raised before and something held it up, as a library's own `except` does.
    For who has gone on as if there had been none."""
    if _raised:
        raise Interrupt(_raised[-1])


def end_on_signals(code: int) -> None:
    """Exit with this code at the next signal, as all is done and told."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(code))


def interrupted(touched: Text | None = None) -> OperationFailed:
    """The error for people; `touched`: no environment, unless it is said."""
    from moyai.errors import OperationFailed
    from moyai.texts import Text

    return OperationFailed(
        Text("中断しました。", "interrupted."),
        touched=touched
        or Text("どの環境も変更していません。", "Nothing of any environment was touched."),
        remedy=Text(
            "もう一度実行してください。続きから行います。", "Run it again: it goes on from there."
        ),
    )


@contextmanager
def saying(touched: Text) -> Iterator[None]:
    """Tell of an interrupt inside what was touched by then. Raises `OperationFailed`."""
    try:
        yield
    except Interrupt:
        raise interrupted(touched) from None


def _raise(number: int, _frame: FrameType | None) -> None:
    _raised.append(number)
    raise Interrupt(number)


def _not_lost(lost: sys.UnraisableHookArgs) -> None:
    """An interrupt inside a finalizer or a callback of the import system, which Python drops, comes
    again a moment later."""
    if not isinstance(lost.exc_value, Interrupt):
        sys.__unraisablehook__(lost)
        return
    again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), lost.exc_value.number))
    again.daemon = True
    again.start()
