"""`python -m tests.bench.operations_worker URL BODIES HEARTBEAT FILE`: a worker that knows the empty kind."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.operations_kind import empty_kind

from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.worker.process import work
from moyai.registry.load import require

if __name__ == "__main__":
    url, bodies, heartbeat, file = sys.argv[1:]
    knowledge = Knowledge("sandbox", kind=empty_kind, registry=lambda: require(Path(file)))
    sys.exit(work(url, int(bodies), int(heartbeat), knowledge))
