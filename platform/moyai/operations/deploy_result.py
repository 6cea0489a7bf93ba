"""What a deploy came to, by the events that it told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.deploy_events import DeployEvent, Planned, StackEnded
from moyai.operations.preflight import refusal
from moyai.planning.plans import Plan, PlannedStack
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What is known of a deploy after some of its events; after all of them, what it came to."""

    plan: Plan | None = None
    ended: tuple[StackEnded, ...] = ()

    def after(self, event: DeployEvent) -> DeployResult:
        """The same with one event more."""
        if isinstance(event, Planned):
            return replace(self, plan=event.plan)
        if isinstance(event, StackEnded):
            return replace(self, ended=(*self.ended, event))
        return self

    @property
    def refused(self) -> tuple[PlannedStack, ...]:
        """What the plan refuses, foundation first."""
        stacks = () if self.plan is None else self.plan.stacks
        return tuple(stack for stack in stacks if stack.action == "refused")

    def error(self) -> MoyaiError | None:
        """The error that the whole ends with: failures first, then refusals; None: all done."""
        failed = [one for one in self.ended if not one.ok]
        if failed:
            return _failed(failed, len(self.ended))
        return refusal(self.refused) if self.refused else None


def _failed(failed: Sequence[StackEnded], total: int) -> OperationFailed:
    names = ", ".join(f"{one.subject} {one.title}" for one in failed)
    return OperationFailed(
        Text(f"{len(failed)} 件が失敗しました: {names}", f"{len(failed)} failed: {names}"),
        touched=Text(
            f"ほかの {total - len(failed)} 件は適用済みです。",
            f"The other {total - len(failed)} were applied.",
        ),
        remedy=Text(
            "原因を取り除き、moyai deploy をもう一度実行してください。続きから行います。",
            "Remove the cause and run moyai deploy again: it goes on from there.",
        ),
    )
