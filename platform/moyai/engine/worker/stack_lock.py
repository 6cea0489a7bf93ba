"""Moyai's own lock of a stack: a `flock` on a file of the stack's work folder.

The engine inherits it, so that it is free exactly when the command, its worker and its engine are
all gone, however they ended; the file's content says who has it, or had it last.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from moyai.engine.files import private_folder
from moyai.engine.stacks import StackId
from moyai.engine.state.holders import Holder, in_use, is_gone

_POLL_SECONDS = 0.1
_SOON_SECONDS = 30.0
"""How long the engine of a killed command is given to end what it had begun, and a preview to end."""


class StackLock:
    """Moyai's lock of one stack, held until `release`."""

    def __init__(
        self, handle: int, holder: Holder, previous: Holder | None, *, waited: bool = False
    ) -> None:
        self.handle = handle
        """The file descriptor that carries the lock; a child that inherits it holds it too."""
        self.holder = holder
        """Who has it."""
        self.previous = previous
        """Who had it last and did not give it back, or None."""
        self.waited = waited
        """Whether another had it when it was asked for."""

    def note(self, holder: Holder) -> None:
        """Write down who holds it. Raises `OSError` where that cannot be."""
        self.holder = holder
        content = json.dumps(asdict(holder)).encode()
        os.pwrite(self.handle, content.ljust(len(_read(self.handle))), 0)

    def note_engine(self, pid: int) -> None:
        """Write down which engine runs for the holder. Raises as `note` does."""
        self.note(replace(self.holder, engine_pid=pid))

    def release(self) -> None:
        """Give it back, with nobody named in it."""
        os.ftruncate(self.handle, 0)
        os.close(self.handle)


def acquire(
    path: Path,
    stack: StackId,
    holder: Holder,
    wait_seconds: float,
    cancelled: Callable[[], bool],
) -> StackLock:
    """Take a stack's lock, waiting for another holder up to `wait_seconds`.

    Where the holding command is dead and only its engine is still ending what it had begun, and
    where it only looks, that is waited for in any case. Raises `Refused` with the holder's name
    where the lock does not become free, or where `cancelled` says so meanwhile.
    """
    private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    began = time.monotonic()
    waited = False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _decode(_read(handle))
            ends_soon = is_gone(other) or (other is not None and other.only_looks)
            patience = max(wait_seconds, _SOON_SECONDS if ends_soon else 0.0)
            if time.monotonic() - began >= patience or cancelled():
                os.close(handle)
                raise in_use(stack, None if other is None else other.describe()) from None
            waited = True
            time.sleep(_POLL_SECONDS)
        else:
            break
    lock = StackLock(handle, holder, _decode(_read(handle)), waited=waited)
    try:
        lock.note(holder)
    except OSError:
        os.close(handle)
        raise
    return lock


def _read(handle: int) -> bytes:
    return os.pread(handle, 65536, 0)


def _decode(content: bytes) -> Holder | None:
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        return None
