"""A worker process of a campaign: the product's, with traps, another version or a clock that jumps."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Run it; the exit code. What it imports comes after the clock is replaced."""
    url, bodies, heartbeat, folder, version, clock = sys.argv[1:]
    if clock == "jumps":
        from tests.crash.operations import clocks

        clocks.jump()
    from tests.crash.operations import bodies as marked
    from tests.crash.operations import trapped
    from tests.sample import SAMPLE

    from moyai.operations.durable.knowledge import Knowledge
    from moyai.operations.durable.queue import dbos_queue
    from moyai.operations.durable.worker import host
    from moyai.operations.durable.worker.process import work
    from moyai.registry.load import require

    for module in (dbos_queue, host):
        setattr(module, "VERSION", version)  # noqa: B010
    trapped.lay(Path(folder))
    knowledge = Knowledge("sandbox", kind=marked.kind_of, registry=lambda: require(SAMPLE))
    return work(url, int(bodies), int(heartbeat), knowledge)


if __name__ == "__main__":
    sys.exit(main())
