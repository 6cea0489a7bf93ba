"""Whole processes from outside: how long they take, how much memory their tree holds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a command."""

    seconds: float
    peak_mb: float
    """Largest sum of the tree's resident memory seen at one moment; shared pages count once each."""
    output: str


def moyai(
    arguments: list[str], home: Path, *, more: Mapping[str, str] | None = None, watch: bool = False
) -> Measured:
    """Run the command line in a process of its own. Raises where it does not exit with 0."""
    environ = {**os.environ, "MOYAI_HOME": str(home), "MOYAI_LANG": "en", **(more or {})}
    command = [sys.executable, "-c", "from moyai_cli.main import main; main()", *arguments]
    begun = time.perf_counter()
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        watcher = _Watcher(process.pid)
        if watch:
            watcher.start()
        output, _ = process.communicate()
        seconds = time.perf_counter() - begun
        watcher.done.set()
    if process.returncode != 0:
        raise RuntimeError(f"moyai {' '.join(arguments)} exited {process.returncode}:\n{output}")
    return Measured(seconds, watcher.peak_mb, output)


class _Watcher(threading.Thread):
    """Samples the memory of a process and all that it started (proportional set size)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.done = threading.Event()
        self.peak_mb = 0.0

    def run(self) -> None:
        while not self.done.wait(_SAMPLE_SECONDS):
            total = sum(_pss_kb(pid) for pid in _tree(self._pid))
            self.peak_mb = max(self.peak_mb, total / 1024)


def _tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(words[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
