"""How many more bodies a worker can take by the memory that is there. Linux's /proc."""

from __future__ import annotations

from pathlib import Path

RESERVE_BYTES = 512 << 20
"""Left for everybody else on the host."""
BODY_BYTES = 400 << 20
"""Assumed of one body's engine, provider and program until one was measured."""
_MEMINFO = Path("/proc/meminfo")
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


def capacity(bodies_at_once: int, in_hand: int, body_bytes: int = BODY_BYTES) -> int:
    """Bodies that may be in hand at a time, those that are by now among them; at least one."""
    by_memory = (available_bytes() - RESERVE_BYTES) // body_bytes
    return max(1, min(bodies_at_once, in_hand + by_memory))


def _meminfo(name: str) -> int:
    for line in _MEMINFO.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    return 0
