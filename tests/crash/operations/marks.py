"""What bodies' steps leave outside: one file a body, one line a mark, counted by the checker.

An effect is a mark too. Lines are appended whole, so their order in a file is that of what happened;
`at` is a clock of the host that nobody sets, `wall` the host's own time of day, in seconds.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_ENGINE = 'sleep {seconds}; read up rest </proc/uptime; echo {before}"$up"{after} >>{path}'
"""An effect as a Pulumi engine has one: a process in a session of its own, which goes on by itself."""


@dataclass(frozen=True)
class Mark:
    """One line."""

    what: str
    """`begin`, `effect`, `end`."""
    attempt: int
    step: str
    doing: str
    """Which doing of the step: the same from its beginning to its end."""
    worker: str
    at: float
    wall: float


def marks(folder: Path, code: str) -> list[Mark]:
    """All marks of one body, in the order in which they were made."""
    path = folder / f"{code}.jsonl"
    if not path.exists():
        return []
    return [Mark(**json.loads(line)) for line in path.read_text().splitlines()]


def write(folder: Path, code: str, what: str, attempt: int, step: str, doing: str) -> None:
    """Make one mark."""
    path = folder / f"{code}.jsonl"
    line = json.dumps(
        _document(what, attempt, step, doing, time.clock_gettime(time.CLOCK_MONOTONIC))
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def write_by_engine(
    folder: Path, code: str, attempt: int, step: str, doing: str, seconds: float
) -> None:
    """Have an effect made by another process, and wait for it."""
    line = json.dumps(_document("effect", attempt, step, doing, "@"))
    before, after = line.split('"@"')
    script = _ENGINE.format(
        seconds=seconds,
        before=shlex.quote(before),
        after=shlex.quote(after),
        path=shlex.quote(str(folder / f"{code}.jsonl")),
    )
    subprocess.run(["/bin/sh", "-c", script], start_new_session=True, check=True)


def _document(what: str, attempt: int, step: str, doing: str, at: object) -> dict[str, object]:
    return {
        "what": what,
        "attempt": attempt,
        "step": step,
        "doing": doing,
        "worker": os.environ["MOYAI_WORKER"],
        "at": at,
        "wall": time.clock_gettime(time.CLOCK_REALTIME),
    }
