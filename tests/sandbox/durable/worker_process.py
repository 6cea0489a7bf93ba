"""A worker process that knows the counted kind alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from counting import counted_kind

from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.worker.process import work
from moyai.registry.load import require

if __name__ == "__main__":
    url, bodies, heartbeat, file = sys.argv[1:]
    home = os.environ.get("TESTED_HOME")
    knowledge = Knowledge(
        "sandbox",
        kind=counted_kind,
        registry=lambda: require(Path(file)),
        home=None if home is None else lambda: Path(home),
    )
    sys.exit(work(url, int(bodies), int(heartbeat), knowledge))
