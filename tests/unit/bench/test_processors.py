"""Processes are held to the share of a processor that a bench gives them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.bench.processors import held_to

_SECONDS = 1.0


def test_a_busy_process_gets_its_share_only_and_is_let_go_after() -> None:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with held_to(0.2, [process.pid]) as held:
            if not held:
                pytest.skip("control groups cannot be written on this machine")
            began, had = time.monotonic(), _processor_ticks(process.pid)
            time.sleep(_SECONDS)
            share = (
                (_processor_ticks(process.pid) - had)
                / os.sysconf("SC_CLK_TCK")
                / (time.monotonic() - began)
            )
        assert share < 0.4
        groups = Path(f"/proc/{process.pid}/cgroup").read_text()
        assert "moyai-bench" not in groups
    finally:
        process.kill()
        process.wait()


def _processor_ticks(pid: int) -> int:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])
