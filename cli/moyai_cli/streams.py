"""Standard output and error that never stop the work.

Whoever reads may go away in the middle (`moyai deploy | head`), a disk may be full, a terminal may
know no Japanese. The work goes on; what cannot be written is dropped.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ESCAPE = "moyai.escape"
_NOBODY_READS = (errno.EPIPE, errno.EBADF)


class Outlet(io.FileIO):
    """A descriptor that takes everything; `trouble` is the error after which it drops it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.trouble: OSError | None = None

    def write(self, content: ReadableBuffer, /) -> int:
        """All or part of the content is written, or the rest is dropped from now on."""
        while self.trouble is None:
            try:
                written = super().write(content)
            except OSError as error:
                self.trouble = error
                break
            if written is not None:
                return written
            select.select([], [self], [])  # shared with a program that made it non-blocking
        return memoryview(content).nbytes


class _Page(io.TextIOWrapper):
    # Typer writes UTF-8 to the buffer of a stream that is ASCII, whatever the terminal can show.
    buffer = None  # type: ignore[assignment]


def escape(error: UnicodeError) -> tuple[str, int]:
    r"""`\u5927` for what an encoding has no sign for; JSON stays the same JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def keep_open() -> Outlet:
    """Put outlets in place of both streams; that of standard output, which tells of its trouble."""
    codecs.register_error(_ESCAPE, escape)
    for descriptor in (0, 1, 2):
        _occupy(descriptor)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    out = Outlet(1)
    sys.stdout = _page(out, sys.stdout, line_buffering=os.isatty(1))
    sys.stderr = _page(Outlet(2), sys.stderr, line_buffering=True)
    return out


def lost(out: Outlet) -> OSError | None:
    """Why output was lost that somebody waits for; a reader that went away waits for nothing."""
    sys.stdout.flush()
    trouble = out.trouble
    return None if trouble is None or trouble.errno in _NOBODY_READS else trouble


def _occupy(descriptor: int) -> None:
    """Nothing else may get the number of a closed standard stream: work would be mixed with words."""
    try:
        os.fstat(descriptor)
    except OSError:
        nothing = os.open(os.devnull, os.O_RDWR)
        if nothing != descriptor:
            os.dup2(nothing, descriptor)
            os.close(nothing)


def _page(outlet: Outlet, before: TextIO | None, *, line_buffering: bool) -> TextIO:
    encoding = before.encoding if before is not None else "utf-8"
    return _Page(io.BufferedWriter(outlet), encoding, errors=_ESCAPE, line_buffering=line_buffering)
