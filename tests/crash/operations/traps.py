"""Places at which a worker process of a campaign ends itself, by kill -9: in tests alone.

The n-th passing of a place ends the process that passes, whichever it is: passings of all processes are
counted in a file. What of the product is wrapped: the ledger's calls, the conductor's putting on the queue,
the recovery of another's bodies.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next, Taken
from moyai.operations.durable.queue.dbos_queue import BodyQueue
from moyai.operations.durable.worker import host

PLACES = (
    *(
        "take:before",
        "take:after",
        "intended:before",
        "intended:after",
        "done:before",
        "done:after",
    ),
    *("finish:before", "finish:after", "effect:after"),
    *("begin:before", "begin:after", "recover:before", "recover:after"),
)
DEATHS = "deaths.jsonl"
_FILE = "traps.json"
_state: dict[str, Any] = {}


def set_traps(folder: Path, traps: dict[str, Sequence[int]]) -> None:
    """Place → which of its passings end the process."""
    (folder / _FILE).write_text(json.dumps(traps))


def deaths(folder: Path) -> list[dict[str, Any]]:
    """Who has ended where, and when."""
    path = folder / DEATHS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def passing(place: str) -> None:
    """Pass a place; perhaps no further."""
    wanted = _state.get("traps", {}).get(place)
    if not wanted:
        return
    folder: Path = _state["folder"]
    if _append(folder / f"passed-{place.replace(':', '-')}", b".") in wanted:
        at = time.clock_gettime(time.CLOCK_MONOTONIC)
        told = {"place": place, "worker": os.environ["MOYAI_WORKER"], "at": at}
        _append(folder / DEATHS, f"{json.dumps(told)}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # the signal comes on its way back from the call


def _append(path: Path, what: bytes) -> int:
    """The file's length after it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, what)
        return os.lseek(handle, 0, os.SEEK_CUR)
    finally:
        os.close(handle)


class TrappedLedger(Ledger):
    """The ledger, with places before and after each of its calls."""

    def take(self, operation: str, code: str, attempt: int, *more: Any) -> Taken | None:
        passing("take:before")
        taken = super().take(operation, code, attempt, *more)
        passing("take:after")
        return taken

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        names = [
            name for name, given in (("done", ended), ("intended", following)) if given is not None
        ]
        for name in names:
            passing(f"{name}:before")
        wanted = super().go_on(taken, ended, following)
        for name in names:
            passing(f"{name}:after")
        return wanted

    def finish(self, *arguments: Any, **named: Any) -> None:
        passing("finish:before")
        super().finish(*arguments, **named)
        passing("finish:after")


class TrappedQueue(BodyQueue):
    """The queue, with places around what the conductor and takeovers put on it."""

    def put(self, connection: sa.Connection, carrier: str, body: tuple[str, str, int]) -> None:
        passing("begin:before")
        super().put(connection, carrier, body)
        passing("begin:after")

    def put_all(
        self, connection: sa.Connection, bodies: Sequence[tuple[str, tuple[str, str, int]]]
    ) -> None:
        super().put_all(connection, bodies)
        for _ in bodies[1:]:  # the first was put by itself
            passing("begin:after")

    def recover(self, workers: Sequence[str]) -> None:
        passing("recover:before")
        super().recover(workers)
        passing("recover:after")


def arm(folder: Path) -> None:
    """Read which passings end this process."""
    path = folder / _FILE
    if path.exists():
        _state.update(folder=folder, traps=json.loads(path.read_text()))


def lay(folder: Path) -> None:
    """Lay the traps of a campaign in this process."""
    arm(folder)
    setattr(host, "Ledger", TrappedLedger)  # noqa: B010
    setattr(host, "BodyQueue", TrappedQueue)  # noqa: B010
