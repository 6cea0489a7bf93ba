"""`python -m tests.bench.operations_worker URL BODIES HEARTBEAT FILE`: a worker that knows the empty kind."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

from tests.bench.operations_kind import empty_kind
from tests.bench.operations_used import OBJECTS

from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.worker.process import work
from moyai.registry.load import require


def tell_objects(*_: object) -> None:
    """Write how many there are, whole or not at all."""
    gc.collect()
    place = Path(os.environ[OBJECTS]) / f"objects-{os.getpid()}"
    beside = place.with_suffix(".new")
    beside.write_text(str(len(gc.get_objects())))
    beside.replace(place)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, tell_objects)
    url, bodies, heartbeat, file = sys.argv[1:]
    knowledge = Knowledge("sandbox", kind=empty_kind, registry=lambda: require(Path(file)))
    sys.exit(work(url, int(bodies), int(heartbeat), knowledge))
