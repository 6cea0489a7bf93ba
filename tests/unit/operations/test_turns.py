"""A command that meets another at a stack waits for its turn to end, with its process at the latest."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from moyai.engine.stacks import StackId
from moyai.operations.site.turns import Turns

STACK = StackId("moyai-tenant", "272027")
HOLD = """
import sys
from pathlib import Path
from moyai.engine.stacks import StackId
from moyai.operations.site.turns import Turns
Turns(Path(sys.argv[1])).take(StackId("moyai-tenant", "272027"))
print("taken", flush=True)
sys.stdin.readline()
"""


def test_a_turn_is_waited_for_no_longer_than_asked(tmp_path: Path) -> None:
    one, other = Turns(tmp_path), Turns(tmp_path)
    assert one.take(STACK)
    assert not other.take(STACK)
    began = time.monotonic()
    other.wait(STACK, 0.3)
    assert 0.3 <= time.monotonic() - began < 30
    one.end(STACK)
    began = time.monotonic()
    other.wait(STACK, 60)
    assert time.monotonic() - began < 30
    assert other.take(STACK)
    other.end(STACK)


def test_a_turn_ends_with_its_process(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"taken\n"
    waiting = Turns(tmp_path)
    began = time.monotonic()
    waiting.wait(STACK, 0.3)
    assert time.monotonic() - began >= 0.3
    holder.kill()
    holder.communicate()
    began = time.monotonic()
    waiting.wait(STACK, 60)
    assert time.monotonic() - began < 30
