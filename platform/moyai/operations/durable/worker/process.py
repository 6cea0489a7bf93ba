"""A worker process from its start to its exit code."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy.engine import make_url

from moyai.errors import MoyaiError
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.living.processes import MARK
from moyai.operations.durable.worker.host import Host, Place


def work(url: str, bodies: int, heartbeat: int, knowledge: Knowledge) -> int:
    """Work until SIGTERM; the exit code. The worker's id is in `MOYAI_WORKER`."""
    host = Host(Place(make_url(url), os.environ[MARK], heartbeat, bodies), knowledge, tell)
    signal.signal(signal.SIGTERM, lambda *_: host.end())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        host.run()
    except MoyaiError as error:
        tell(" ".join(error.lines("en")))
        return int(error.exit_code)
    return 0


def tell(words: str) -> None:
    """A line of the worker's log, with the moment in UTC; lost where the disk is full."""
    with suppress(OSError):
        sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {words}\n")
        sys.stderr.flush()
