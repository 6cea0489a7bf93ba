"""A worker: a process of its own that runs stacks, one after another, for a driver.

Forked by `forge` from a process that has imported what programs need. It leads a process
group, in which its engines are, and ends when the driver's end of its pipe closes.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import moyai
from moyai.engine.worker.equipment import equip
from moyai.engine.worker.host import Host
from moyai.engine.worker.log import Redactor, secrets_of
from moyai.engine.worker.messages import Assignment, Ended, Setup
from moyai.engine.worker.run import Runner
from moyai.engine.worker.sdk import make_lean

_GROWTH_BYTES = 384 << 20
"""How much a worker may grow over its first run before it retires: some sixty runs."""

_LAZY = "_LazyModule"
"""The class of a module that was not looked at yet (`pulumi._utils`, `importlib.util`)."""


def serve(setup: Setup, control: Connection) -> None:
    """Take assignments until the driver closes the pipe, or this worker has grown too large.

    Cyclic garbage is left lying: a run leaves 4 to 5 MB of it, and looking for it took half of a
    worker's processor time. It goes with the worker.
    """
    gc.disable()
    redactor = Redactor(secrets_of(setup.environment))
    make_lean(redactor)
    host = Host(lambda text: runner.tell(text))
    runner = Runner(equip(setup, control, host, redactor))
    sys.stdout = sys.stderr = Teller(runner.tell)
    known = set(sys.modules)
    first_size: int | None = None
    while True:
        try:
            message = control.recv()
        except (EOFError, OSError):
            return
        if not isinstance(message, Assignment):
            continue  # a cancel that came after the end of the run it was for
        outcome = runner.run(message)
        size = _resident_bytes()
        first_size = size if first_size is None else first_size
        retires = size - first_size > _GROWTH_BYTES
        modules = _worth_importing(known)
        try:
            control.send(Ended(message.run.stack, outcome, modules, retires))
        except OSError:
            return
        if retires:
            return


class Teller(io.TextIOBase):
    """A standard output that goes into the run's log."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def writable(self) -> bool:
        """It takes text."""
        return True

    def write(self, text: str, /) -> int:
        """Hand it on."""
        self._tell(text)
        return len(text)


def _resident_bytes() -> int:
    """Memory of this process that is not shared with the one it was forked from; 0 elsewhere."""
    try:
        fields = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def _worth_importing(known: set[str]) -> tuple[str, ...]:
    """Library modules that programs imported since: not their own ones, which may change.

    `known` are the names that were looked at before; it grows.
    """
    library = (str(Path(moyai.__file__).parent), *(p for p in sys.path if "-packages" in p))
    found = []
    for name in sys.modules.keys() - known:
        module = sys.modules.get(name)
        if type(module).__name__ == _LAZY:
            continue  # all of `pulumi_aws` is in sys.modules so; what was not used stays unloaded
        known.add(name)
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if isinstance(origin, str) and origin.startswith(library):
            found.append(name)
    return tuple(sorted(found))
