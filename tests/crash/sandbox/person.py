"""The secretariat of a campaign: plans, approves, tries again, by commands that may be killed at any moment."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
import sqlalchemy as sa
from tests.crash.operations.crew import Kill
from tests.crash.sandbox.place import DAY, PLANNER, Place

from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView

_LONGEST_SECONDS = 240.0
_SETTLED_SECONDS = 2.0
REFUSED = 5
_AGAIN = {"failed", "held", "skipped", "moved"}
"""Bodies that are tried again: a job that was killed in preflight has its body skipped, with a debt."""


@dataclass
class Person:
    """One operation as a person brings it to its end."""

    place: Place
    kind: str
    """Of the operation."""
    command: Sequence[str]
    """What plans it."""
    between: Callable[[], None]
    """What goes on while a command runs or is waited for."""
    shut: Sequence[str] = ()
    """Bodies that wait for windows that do not open, and are cancelled in the end."""
    operation: str = ""
    codes: list[int] = field(default_factory=list)
    """Exit codes of commands that ended by themselves."""
    _retrying: subprocess.Popen[bytes] | None = None
    _beside: subprocess.Popen[bytes] | None = None
    _is_cut_off: bool = False
    """Whether the last deploy beside it, or what worked for that, was killed."""

    def __post_init__(self) -> None:
        self._since = time.time()
        self._engine = self.place.engine()

    def close(self) -> None:
        """Read no more; commands that still run are waited for."""
        for one in (self._retrying, self._beside):
            if one is not None:
                with suppress(subprocess.TimeoutExpired):
                    one.wait(_LONGEST_SECONDS)
        self._engine.dispose()

    def plan(self) -> None:
        """Have it on record. Who finds a plan that a killed command left does not make another."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while not self.operation:
            assert time.monotonic() < deadline, "it cannot be planned"
            self._carry(self.command)
            self.operation = next(iter(self.planned()), "")

    def planned(self) -> list[str]:
        """The operations of this kind that were put on record since this person began."""
        words = sa.text(
            "SELECT id FROM moyai.operation WHERE kind = :kind "
            "AND planned_at >= to_timestamp(:since) ORDER BY id"
        )
        given = {"kind": self.kind, "since": self._since}
        with suppress(sa.exc.DBAPIError), self._engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(words, given)]
        return []

    def approve(self) -> None:
        """Approve all of it, until the command says that it is, or that nothing waits."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while self._carry(self.place.approve(self.operation)) not in (0, REFUSED):
            assert time.monotonic() < deadline, "it cannot be approved"

    def write(self) -> None:
        """Put an approved edit into the file, until the command says that it is there."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while self._carry(self.place.apply(self.operation)) != 0:
            assert time.monotonic() < deadline, "it cannot be applied"

    def view(self) -> OperationView | None:
        """It as it is now; None while the server is away."""
        try:
            with self._engine.connect() as connection:
                return shown(connection, self.operation)
        except (sa.exc.DBAPIError, psycopg.Error):
            self._engine.dispose()  # reads are psycopg's own: the pool does not see what they lose
            return None

    def takeovers(self, kills: Sequence[Kill]) -> list[float]:
        """Seconds from a worker's end by kill -9 until its bodies were another's to take, where another
        worker had been there for some seconds."""
        words = sa.text(
            "SELECT w.id, extract(epoch FROM w.recovered_at)::float8, "
            "array(SELECT extract(epoch FROM o.started_at)::float8 FROM moyai.worker o "
            "WHERE o.id <> w.id AND coalesce(o.ended_at, o.recovered_at, now()) > w.recovered_at) "
            "FROM moyai.worker w WHERE w.recovered_at IS NOT NULL"
        )
        with self._engine.connect() as connection:
            rows = {row[0]: (row[1], row[2]) for row in connection.execute(words)}
        beyond = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
        found = []
        for kill in kills:
            taken, others = rows.get(kill.worker, (0.0, []))
            at = kill.at + beyond
            if any(started < at - _SETTLED_SECONDS for started in others):
                found.append(round(taken - at, 3))
        return found

    def tend(self, view: OperationView, *, beside: bool) -> bool:
        """Try again what failed, while others are still worked on; cancel what waits for hours. True once it
        has ended. `beside`: deploy at the same time."""
        if self._retrying is not None and self._retrying.poll() is not None:
            self.codes.append(self._retrying.returncode)
            self._retrying = None
        if self._beside is not None and self._beside.poll() is not None:
            self._is_cut_off = self._beside.returncode != 0
            self.codes.append(self._beside.returncode)
            self._beside = None
        left = {one.status for one in view.bodies} & _AGAIN
        if view.row.status == "cancelled" or (view.row.status == "done" and not left):
            return self._retrying is None and self._beside is None
        if (left or view.row.status in ("failed", "held")) and self._retrying is None:
            again = ("operation", "retry", self.operation, "--operator", PLANNER)
            self._retrying = self.place.command(*again, "--key", str(self.place.keys / "keikaku"))
        if self._retrying is None and _only_these_wait(view, self.shut):
            self._retrying = self.place.command(
                *("operation", "cancel", self.operation, "--operator", PLANNER)
            )
        if beside and self._beside is None:
            self._beside = self.place.command("deploy", "all", "--as-of", DAY)
        return False

    def mend(self) -> None:
        """Deploy once more where the last one beside did not end well, as whoever sees that does: it is not
        the operation's to take up what that left."""
        if self._is_cut_off:
            self._carry(("deploy", "all", "--as-of", DAY))

    def _carry(self, command: Sequence[str]) -> int:
        """Run one to its end, whoever ends it; its exit code."""
        running = self.place.command(*command)
        deadline = time.monotonic() + _LONGEST_SECONDS
        while running.poll() is None:
            assert time.monotonic() < deadline, f"{command[0]} does not end"
            self.between()
            time.sleep(0.05)
        self.codes.append(running.returncode)
        return running.returncode


def _only_these_wait(view: OperationView, shut: Sequence[str]) -> bool:
    """Whether all has been done that can be while windows are as they are. Bodies wait as well because no
    worker is there to begin them."""
    left = {one.code: one.status for one in view.bodies if one.status != "done"}
    return view.row.status == "running" and left == dict.fromkeys(shut, "waiting") and bool(left)
