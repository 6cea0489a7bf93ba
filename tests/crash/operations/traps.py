"""Places at which a process of a campaign ends itself, by kill -9: in tests alone.

The n-th passing of a place ends the process that passes, whichever it is: passings of all processes are
counted in a file. Which places there are is in `trapped`.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEATHS = "deaths.jsonl"
_FILE = "traps.json"
_PASSED = "passed.txt"
_state: dict[str, Any] = {"known": set()}


def set_traps(folder: Path, traps: Mapping[str, Sequence[int]]) -> None:
    """Place → which of its passings end the process."""
    (folder / _FILE).write_text(json.dumps(traps))


def deaths(folder: Path) -> list[dict[str, Any]]:
    """Who has ended where, and when."""
    path = folder / DEATHS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def passed(folder: Path) -> set[str]:
    """All places that any process has come by, trapped or not."""
    path = folder / _PASSED
    return {*path.read_text().splitlines()} if path.exists() else set()


def passing(place: str) -> None:
    """Pass a place; perhaps no further."""
    folder: Path | None = _state.get("folder")
    if folder is None:
        return
    if place not in _state["known"]:
        _state["known"].add(place)
        _append(folder / _PASSED, f"{place}\n".encode())
    wanted = _state["traps"].get(place)
    if wanted and _append(folder / f"passed-{place.replace(':', '-')}", b".") in wanted:
        at = time.clock_gettime(time.CLOCK_MONOTONIC)
        told = {"place": place, "worker": os.environ["MOYAI_WORKER"], "at": at}
        _append(folder / DEATHS, f"{json.dumps(told)}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # the signal comes on its way back from the call


def arm(folder: Path) -> None:
    """Read which passings end this process."""
    path = folder / _FILE
    _state.update(folder=folder, traps=json.loads(path.read_text()) if path.exists() else {})


def _append(path: Path, what: bytes) -> int:
    """The file's length after it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, what)
        return os.lseek(handle, 0, os.SEEK_CUR)
    finally:
        os.close(handle)
