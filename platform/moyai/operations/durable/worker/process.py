"""A worker process from its start to its exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy.engine import make_url

from moyai.errors import MoyaiError
from moyai.operations.database.lost import telling
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.living.processes import MARK
from moyai.operations.durable.worker.host import Host, Place


def work(url: str, bodies: int, heartbeat: int, knowledge: Knowledge) -> int:
    """Work until SIGTERM; the exit code. The worker's id is in `MOYAI_WORKER`."""
    host = Host(Place(make_url(url), os.environ[MARK], heartbeat, bodies), knowledge, tell)
    _heed(host.end)
    try:
        with telling():  # one that starts while the database is away says so in a line
            host.run()
    except MoyaiError as error:
        tell(" ".join(error.lines("en")))
        return int(error.exit_code)
    return 0


def _heed(end: Callable[[], None]) -> None:
    """Call `end` at SIGTERM, in a thread of its own: what a handler interrupts may have the locks that `end`
    waits for."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def poke(_number: int, _frame: object) -> None:
        with suppress(BlockingIOError):
            os.write(writing, b".")

    def listen() -> None:
        while os.read(reading, 1):
            end()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    signal.signal(signal.SIGTERM, poke)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def tell(words: str) -> None:
    """A line of the worker's log, with the moment in UTC; lost where the disk is full."""
    with suppress(OSError):
        sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {words}\n")
        sys.stderr.flush()
