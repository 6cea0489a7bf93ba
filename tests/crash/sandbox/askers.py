"""Who asked AWS is killed once it has done what was asked, and before the answer is read: in tests alone.

The cloud itself does it (`recorder`), as nobody else knows that moment. Which requests are chosen is in a file,
by their numbers from when it is laid; who was killed is in another.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

_CHOSEN = "askers.json"
_ENDED = "askers-ended.jsonl"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def choose(base: Path, numbers: Iterable[int]) -> None:
    """From now on, the askers of these requests are killed; the first has the number 1."""
    beside = base / f"{_CHOSEN}.new"
    beside.write_text(json.dumps({"laid": time.monotonic_ns(), "numbers": sorted(numbers)}))
    beside.replace(base / _CHOSEN)


def forget(base: Path) -> None:
    """Nobody is killed any more."""
    (base / _CHOSEN).unlink(missing_ok=True)


def ended(base: Path) -> list[dict[str, Any]]:
    """Who was killed: `pid`, `at`, `action`, and `words`, its command line."""
    path = base / _ENDED
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass
class Askers:
    """What the cloud has of it."""

    base: Path
    _laid: int = 0
    _seen: int = 0
    _lock: Lock = field(default_factory=Lock)

    def done(self, environ: Mapping[str, Any], action: str) -> None:
        """A request has been done, and is not answered yet."""
        with suppress(OSError, ValueError):
            chosen = json.loads((self.base / _CHOSEN).read_text())
            with self._lock:
                if chosen["laid"] != self._laid:
                    self._laid, self._seen = chosen["laid"], 0
                self._seen += 1
                is_chosen = self._seen in chosen["numbers"]
            if is_chosen:
                self._end(int(environ["REMOTE_PORT"]), int(environ["SERVER_PORT"]), action)

    def _end(self, port: int, server: int, action: str) -> None:
        pid = owner(port, server)
        if pid is None or pid == os.getpid():
            return
        words = (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
        worker = _worker(pid)
        os.kill(pid, signal.SIGKILL)
        at = time.clock_gettime(time.CLOCK_MONOTONIC)
        told = {"pid": pid, "at": at, "action": action, "words": words, "worker": worker}
        with (self.base / _ENDED).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(told)}\n")


def owner(port: int, server: int) -> int | None:
    """The process that has a connection from one port of this host to another one."""
    wanted = f"socket:[{_inode(port, server)}]"
    for place in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if place.readlink().name == wanted:
                return int(place.parts[2])
    return None


def _inode(port: int, server: int) -> str | None:
    for table in _TABLES:
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                ends = [int(one.rpartition(":")[2], 16) for one in fields[1:3]]
                if ends == [port, server]:
                    return fields[9]
    return None


def _worker(pid: int) -> str | None:
    for one in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
        if one.startswith(b"MOYAI_WORKER="):
            return one.partition(b"=")[2].decode()
    return None
