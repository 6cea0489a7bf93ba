"""What is done with an engine's events while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from moyai.engine.settling.create_log import CreateLog
from moyai.engine.stacks import ResourceMoved, StackId
from moyai.engine.worker.events import Tally
from moyai.engine.worker.messages import Progress


class Listener:
    """Adds one engine's events up, tells the driver, and notes creates for the next run."""

    def __init__(self, stack: StackId, control: Connection, creates: CreateLog | None) -> None:
        """`creates` is open; None where nothing is created."""
        self._stack = stack
        self._control = control
        self._creates = creates
        self.tally = Tally()

    def hear(self, events: list[Mapping[str, Any]]) -> None:
        """Take the events of one look."""
        before = dict(self.tally.begun)
        seen = [moved for event in events if (moved := self.tally.take(event)) is not None]
        if seen:
            self._tell(tuple(ResourceMoved(self._stack, one.step, one.done) for one in seen))
        if self._creates is not None:
            begun = self.tally.begun
            for urn in begun.keys() - before.keys():
                self._creates.begin(urn, begun[urn])
            for urn in before.keys() - begun.keys():
                self._creates.end(urn)

    def _tell(self, moved: tuple[ResourceMoved, ...]) -> None:
        try:
            self._control.send(Progress(moved))
        except OSError:
            return  # the driver is gone; the watch cancels the engine
