"""Which stacks commands of this machine are at, from the first touch to the end on record."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from moyai.engine.files import private_folder
from moyai.engine.stacks import StackId

_POLL_SECONDS = 0.1


class Turns:
    """One command's turns at stacks. They end with its process at the latest.

    An engine's lock ends before the stack's end is on record, as what is done inside a body comes
    between them. Another command that waited for the lock waits for the turn to end too; it would
    find nothing on record else, and do all of it again.
    """

    def __init__(self, home: Path) -> None:
        """`home`: the folder of the site's work on this machine."""
        self._folder = home / "work"
        self._held: dict[StackId, int] = {}

    def take(self, stack: StackId) -> bool:
        """Take the turn. False where another command has it."""
        with suppress(OSError):  # a full disk: what comes of it is told where it matters
            handle = self._open(stack)
            if not _is_taken(handle):
                os.close(handle)
                return False
            self._held[stack] = handle
        return True

    def end(self, stack: StackId) -> None:
        """The turn is over, where this command had it."""
        handle = self._held.pop(stack, None)
        if handle is not None:
            os.close(handle)

    def end_all(self) -> None:
        """No turn is left."""
        for stack in list(self._held):
            self.end(stack)

    def wait(self, stack: StackId, seconds: float) -> None:
        """Wait until no other command has the turn, but no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        with suppress(OSError):  # as above: nothing to wait for can be seen
            handle = self._open(stack)
            try:
                while not _is_taken(handle) and time.monotonic() < deadline:
                    time.sleep(_POLL_SECONDS)
            finally:
                os.close(handle)

    def is_free(self, stack: StackId) -> bool:
        """Whether no command has the turn now, or nobody can see that."""
        try:
            handle = os.open(self._path(stack), os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # nobody had one yet, or a full disk as above
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
        return True

    def _open(self, stack: StackId) -> int:
        path = self._path(stack)
        private_folder(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _path(self, stack: StackId) -> Path:
        return self._folder / stack.project / stack.name / "turn"


def _is_taken(handle: int) -> bool:
    """Whether the lock is this handle's now; it is another command's otherwise."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
