"""The processes of one site by what they are, found from outside, and what is done to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.crash.sandbox.supervising import WORKER

KINDS = ("worker", "supervisor", "guardian", "engine", "provider", "driver", "job", "command")
"""`guardian`: what watches beside a worker where its supervisor is gone; `driver`: Moyai's own processes
between a worker or command and the engine."""
_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process."""

    pid: int
    parent: int
    kind: str
    worker: str | None
    """Of the worker that it belongs to, in `MOYAI_WORKER`."""


def processes(home: Path) -> list[Process]:
    """Those of a site's operations and commands; its cloud and servers are left alone."""
    table = {one: _words(one) for one in _pids()}
    zygotes = {pid for pid, words in table.items() if "moyai.sandbox.zygote" in words}
    ours = {pid for pid in zygotes if _is_below(table, pid, home)}
    found = []
    for pid, words in table.items():
        variables = _variables(pid)
        parent = _parent(pid)
        if parent in ours:
            found.append(Process(pid, parent, "job", None))
        elif variables.get("MOYAI_HOME") == str(home) or str(home) in variables.get(
            "PULUMI_HOME", ""
        ):
            kind = kind_of(words)
            if kind:
                found.append(Process(pid, parent, kind, variables.get("MOYAI_WORKER")))
    return found


def kill(pids: Iterable[int]) -> int:
    """SIGKILL each; how many there were."""
    killed = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Another signal."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kind_of(words: Sequence[str]) -> str:
    """What a process is by its command line; of none of these ''."""
    text = " ".join(words)
    for mark, kind in _MARKS:
        if mark in text:
            return kind
    return "engine" if words and Path(words[0]).name == "pulumi" else ""


_MARKS = (
    (WORKER, "worker"),
    ("tests.crash.sandbox.supervising", "supervisor"),
    ("moyai.operations.durable.living.guardian", "guardian"),
    ("moyai.sandbox.aws", "provider"),
    ("moyai.provider", "provider"),
    ("moyai.engine.worker", "driver"),
    ("moyai_cli.main", "command"),
)


def _is_below(table: dict[int, list[str]], pid: int, home: Path) -> bool:
    """Whether a process is of the cloud of this site."""
    return any(str(home) in word for word in table.get(_parent(pid), []))


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _words(pid: int) -> list[str]:
    with suppress(OSError):
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        return [word.decode("utf-8", "replace") for word in words if word]
    return []


def _variables(pid: int) -> dict[str, str]:
    found: dict[str, str] = {}
    with suppress(OSError):
        for one in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
            name, _, value = one.decode("utf-8", "replace").partition("=")
            if name in ("MOYAI_HOME", "MOYAI_WORKER", "PULUMI_HOME"):
                found[name] = value
    return found


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    return 0
