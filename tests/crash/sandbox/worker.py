"""A worker process: the product's, with traps, another version or a clock that jumps."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Run it; the exit code. What it imports comes after the clock is replaced."""
    *arguments, folder, version, clock = sys.argv[1:]
    if clock == "jumps":
        from tests.crash.operations import clocks

        clocks.jump()
    from tests.crash.sandbox import boundaries

    from moyai.operations.durable.__main__ import main as work
    from moyai.operations.durable.queue import dbos_queue
    from moyai.operations.durable.worker import host

    for module in (dbos_queue, host):
        setattr(module, "VERSION", version)  # noqa: B010
    boundaries.lay(Path(folder))
    return work(arguments)


if __name__ == "__main__":
    sys.exit(main())
