"""A body that one operation left half-way, and that another takes over: what its plan says of that. Pure.

The plan's parameter `takes_over` has an entry for each such body, by code; it is part of what is approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from moyai.json_value import JsonValue
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.releases import is_newer
from moyai.texts import Text

PARAMETER = "takes_over"
Way = Literal["on", "back", "open", "afresh"]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a plan says of a body that it takes over."""

    operation: str
    """The operation that left it half-way."""
    closed_by: str
    """The operation that closed writes, and as which they are opened: the first of those that took over."""
    step: str
    """The last step that was begun and not taken back."""
    release: str
    """The release that the body came from."""
    target: str
    """The release that it was brought to, which may be on record where that before is not."""
    ledger: str
    """SHA-256 over what is on record of its steps: what else is done with it makes the plan none."""
    way: Way = "on"
    """`on`: to a release, from where it is; `back`: to the one that it came from; `open`: its release is on
    record, it is looked at and opened; `afresh`: its release is on record, and it goes on to another."""

    @property
    def text(self) -> Text:
        """For people, as the first thing that would be done."""
        at = Text(
            f"{self.operation} が途中で止めた団体を引き継ぐ（手順 {self.step} まで、前のリリース "
            f"{self.release}）",
            f"takes over from {self.operation}, half-way at {self.step}, release before {self.release}",
        )
        what = _WAYS[self.way]
        return Text(f"{at.ja}: {what.ja}", f"{at.en}: {what.en}")

    def entry(self) -> dict[str, JsonValue]:
        """The same for the plan's parameters."""
        return asdict(self)


_WAYS: Mapping[Way, Text] = {
    "on": Text("続きから行う", "goes on from there"),
    "back": Text("前のリリースに戻す", "goes back to the release before"),
    "open": Text("正常性を確かめ、書込みを再開する", "is looked at, and its writes are opened"),
    "afresh": Text("別のリリースに進める", "goes on to another release"),
}


def taken_over(plan: OperationPlan, code: str) -> TakenOver | None:
    """What a plan says of a body; None where it takes none over."""
    entries: Any = plan.parameters.get(PARAMETER) or {}
    entry = entries.get(code)
    return None if entry is None else TakenOver(**entry)


def way_to(
    release: str, recorded: str, came_from: str, brought_to: str, *, is_released: bool
) -> Way | Text:
    """How a half-way body gets to a release, or why it does not.

    `brought_to`: the release that it was being brought to, whose migrations may be applied by now.
    """
    if is_released:
        if release == recorded:
            return "open"
        if is_newer(release, recorded):
            return "afresh"
        return Text(
            f"{recorded} で書き込まれたおそれがあるため、前へしか進められない",
            f"the application may have written with {recorded}: it goes forward only",
        )
    if release == came_from:
        return "back"
    if not is_newer(brought_to, release):
        return "on"
    return Text(
        f"{brought_to} への途中で止まっている。{came_from} に戻すか、{brought_to} 以降のリリースへ進める",
        f"it is half-way to {brought_to}: it goes back to {came_from}, or on to {brought_to} or a newer one",
    )
