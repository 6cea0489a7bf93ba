"""Processes held to a share of a processor, by Linux's control groups (cpu.max, cpu.cfs_quota_us).

Where fewer processors are there than processes that want one, a second worker cannot show what it adds: each
takes from the other and from the server. Workers held to a share leave the rest free, as on their own machines.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_PERIOD_MICROSECONDS = 20_000
_GROUPS = Path("/sys/fs/cgroup")


@contextmanager
def held_to(share: float, pids: Sequence[int]) -> Iterator[bool]:
    """Each of these processes, with all its threads, gets so much of one processor at most within.

    False where this machine does not let its control groups be written: nothing is held then.
    """
    made: list[Path] = []
    try:
        try:
            for pid in pids:
                made.append(_group(f"moyai-bench-{os.getpid()}-{pid}", share))
                (made[-1] / "cgroup.procs").write_text(str(pid))
        except OSError:
            yield False
        else:
            yield True
    finally:
        for folder in made:
            _end(folder)


def _group(name: str, share: float) -> Path:
    quota = int(share * _PERIOD_MICROSECONDS)
    second = (_GROUPS / "cgroup.controllers").exists()
    folder = (_GROUPS if second else _GROUPS / "cpu") / name
    folder.mkdir()
    if second:
        (folder / "cpu.max").write_text(f"{quota} {_PERIOD_MICROSECONDS}")
    else:
        (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
        (folder / "cpu.cfs_quota_us").write_text(str(quota))
    return folder


def _end(folder: Path) -> None:
    above = folder.parent / "cgroup.procs"
    with suppress(OSError):
        for pid in (folder / "cgroup.procs").read_text().split():
            with suppress(OSError):
                above.write_text(pid)
    for _ in range(50):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
