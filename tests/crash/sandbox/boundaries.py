"""Places at the boundaries of named steps, at which a worker ends itself by kill -9: in tests alone.

Which steps there are is what the kind says; a place is `before:close-writes`, `after:close-writes` (its
intention on record, nothing done), `done:close-writes` and `kept:close-writes` (its end not yet, or just on
record), with `-NAME` for a step taken back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.crash.operations import traps
from tests.crash.operations.traps import passing

from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next, Taken
from moyai.operations.durable.worker import host

STEPS = (
    *("preflight", "close-writes", "backup", "stack", "migrate-expand", "health"),
    *("migrate-contract", "health-after", "release", "open-writes"),
)
PLACES = tuple(f"{when}:{step}" for step in STEPS for when in ("before", "after", "done", "kept"))


class StepLedger(Ledger):
    """The ledger, with places before and after what it puts on record of each step."""

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        if ended is not None:
            passing(f"done:{ended.name}")
        if following is not None:
            passing(f"before:{following.name}")
        wanted = super().go_on(taken, ended, following)
        if ended is not None:
            passing(f"kept:{ended.name}")
        if following is not None:
            passing(f"after:{following.name}")
        return wanted

    def finish(self, *arguments: Any, **named: Any) -> None:
        ended = named.get("ended")
        if ended is not None:
            passing(f"done:{ended.name}")
        super().finish(*arguments, **named)
        if ended is not None:
            passing(f"kept:{ended.name}")


def lay(folder: Path) -> None:
    """Lay the traps of a campaign in this process."""
    traps.arm(folder)
    setattr(host, "Ledger", StepLedger)  # noqa: B010
