"""How many more bodies a worker can take by the memory that is there. Linux's /proc."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 512 << 20
"""Left for everybody else on the host."""
BODY_BYTES = 400 << 20
"""Assumed of one body's engine, provider and program until one was measured."""
_PROC = Path("/proc")
_MEMINFO = _PROC / "meminfo"
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available_bytes() -> int:
    """Memory that can be had without swapping, within the container's limit."""
    found = _meminfo("MemAvailable")
    for limit, usage in _CGROUPS:
        try:
            found = min(found, int(limit.read_text()) - int(usage.read_text()))
        except (OSError, ValueError):  # no such controller, or no limit: `max`
            continue
    return max(found, 0)


def process_bytes(pid: int | None = None) -> int:
    """A process's own pages and its part of those it shares; of this process without `pid`. 0: it is gone, or
    another user's."""
    place = _PROC / ("self" if pid is None else str(pid))
    with suppress(OSError, ValueError):
        for line in (place / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    # A kernel without it: pages that several share count for each.
    with suppress(OSError, ValueError, IndexError):
        return int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def capacity(
    bodies_at_once: int, in_hand: int, body_bytes: int = BODY_BYTES, used_bytes: int = 0
) -> int:
    """Bodies that may be in hand at a time, those that are by now among them; at least one.

    `body_bytes`: what one takes at most; `used_bytes`: what those in hand take by now. What they have not
    taken yet is theirs.
    """
    promised = max(0, in_hand * body_bytes - used_bytes)
    by_memory = (available_bytes() - RESERVE_BYTES - promised) // body_bytes
    return max(1, min(bodies_at_once, in_hand + by_memory))


def _meminfo(name: str) -> int:
    for line in _MEMINFO.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    return 0
