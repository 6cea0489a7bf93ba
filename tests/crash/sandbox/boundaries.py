"""Places at the boundaries of named steps, at which a worker ends itself by kill -9: in tests alone.

A place is `before:close-writes`, `after:close-writes` (its intention on record, nothing done),
`done:close-writes` and `kept:close-writes` (its end not yet, or just on record), with `-NAME` for a step
taken back. Which steps there are is in `steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.crash.operations import trapped
from tests.crash.operations.trapped import TrappedLedger
from tests.crash.operations.traps import passing

from moyai.json_value import JsonValue
from moyai.operations.durable.carrying.ledger import Ended, Next, Taken

WHEN = ("before", "after", "done", "kept")


class StepLedger(TrappedLedger):
    """The ledger, with places before and after what it puts on record of each step."""

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        _about_to(ended, following)
        wanted = super().go_on(taken, ended, following)
        _done(ended, following)
        return wanted

    def hand_over(
        self,
        taken: Taken,
        before: str,
        error: Mapping[str, JsonValue],
        ended: Ended | None,
        following: Next,
    ) -> str:
        _about_to(ended, following)
        wanted = super().hand_over(taken, before, error, ended, following)
        _done(ended, following)
        return wanted

    def finish(self, *arguments: Any, **named: Any) -> None:
        ended = named.get("ended")
        _about_to(ended, None)
        super().finish(*arguments, **named)
        _done(ended, None)

    def put_back(self, *arguments: Any, **named: Any) -> None:
        ended = named.get("ended")
        _about_to(ended, None)
        super().put_back(*arguments, **named)
        _done(ended, None)


def _about_to(ended: Ended | None, following: Next | None) -> None:
    if ended is not None:
        passing(f"done:{ended.name}")
    if following is not None:
        passing(f"before:{following.name}")


def _done(ended: Ended | None, following: Next | None) -> None:
    if ended is not None:
        passing(f"kept:{ended.name}")
    if following is not None:
        passing(f"after:{following.name}")


def lay(folder: Path) -> None:
    """Lay the traps of a campaign in this process."""
    trapped.lay(folder, StepLedger)
