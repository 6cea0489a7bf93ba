"""One installer or build at a time for each user; who has to wait is told for whom."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that is getting the engine."""

    pid: int
    host: str
    since: str
    """ISO 8601, UTC."""

    def __str__(self) -> str:
        return f"{self.pid} ({self.host}, {self.since})"


@contextmanager
def hold(file: Path, waiting: Callable[[Holder | None], object]) -> Iterator[None]:
    """Hold the lock; `waiting` is called once where another process has it. Raises `OSError`.

    The system lets go of the lock when its holder ends, however it ends.
    """
    with file.open("a+", encoding="utf-8") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(_read(opened))
            fcntl.flock(opened, fcntl.LOCK_EX)
        _write(opened)
        yield


def _read(file: TextIO) -> Holder | None:
    file.seek(0)
    try:
        given = json.loads(file.read())
        return Holder(int(given["pid"]), str(given["host"]), str(given["since"]))
    except (ValueError, KeyError, TypeError):
        return None  # it has the lock, and has not yet written who it is


def _write(file: TextIO) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    file.seek(0)
    file.truncate()
    json.dump(asdict(Holder(os.getpid(), socket.gethostname(), since)), file)
    file.flush()
