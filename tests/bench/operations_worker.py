"""`python -m tests.bench.operations_worker URL BODIES HEARTBEAT FILE`: a worker that knows the empty kind."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from tests.bench.operations_kind import empty_kind
from tests.bench.operations_used import OBJECTS

from moyai.operations.durable.carrying.combining import Combining
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.worker.process import work
from moyai.registry.load import require


class Asked:
    """What threads that carry bodies ask of the server: calls of the ledger, and statements beside them."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()

    def count(self, *_: object) -> None:
        """One more, where this is such a thread."""
        if threading.current_thread().name.startswith(_CARRIERS):
            with self._lock:
                self.number += 1

    def listen(self) -> None:
        """Count from now on."""
        ask = Combining.ask

        def counted(combining: Combining, statement: str, given: Sequence[object]) -> object:
            self.count()
            return ask(combining, statement, given)

        for method, instead in {"ask": counted}.items():
            setattr(Combining, method, instead)
        sa.event.listen(sa.Engine, "before_cursor_execute", self.count)


ASKED = Asked()
_CARRIERS = "dbos-executor"
"""What DBOS calls its threads."""


def tell_objects(*_: object) -> None:
    """Write how many there are and what was asked, whole or not at all."""
    gc.collect()
    place = Path(os.environ[OBJECTS]) / f"objects-{os.getpid()}"
    beside = place.with_suffix(".new")
    beside.write_text(f"{len(gc.get_objects())} {ASKED.number}")
    beside.replace(place)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, tell_objects)
    ASKED.listen()
    url, bodies, heartbeat, file = sys.argv[1:]
    knowledge = Knowledge("sandbox", kind=empty_kind, registry=lambda: require(Path(file)))
    sys.exit(work(url, int(bodies), int(heartbeat), knowledge))
