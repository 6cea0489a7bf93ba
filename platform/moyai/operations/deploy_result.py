"""What a deploy came to, by the events that it told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.deploy_events import DeployEvent, End, Planned, StackEnded
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

    @property
    def left(self) -> tuple[PlannedStack, ...]:
        """What was planned and never came to its turn, as the foundation failed."""
        ended = {one.subject for one in self.ended}
        planned = () if self.plan is None else self.plan.stacks
        return tuple(stack for stack in planned if stack.runs and stack.name not in ended)

    @property
    def not_begun(self) -> tuple[str, ...]:
        """Whose turn did not come, each with code or name and title: the whole was interrupted, or
        the foundation failed."""
        return (
            *(one.label for one in self.ended if one.end is End.NOT_BEGUN),
            *(stack.label for stack in self.left),
        )

    def error(self) -> MoyaiError | None:
        """The error that the whole ends with: failures first, then refusals; None: all done."""
        failed = [one.label for one in self.ended if one.end is End.FAILED]
        if failed or self.not_begun:
            return _unfinished(failed, self.not_begun, sum(one.ok for one in self.ended))
        return refusal(self.refused) if self.refused else None


def _unfinished(failed: Sequence[str], not_begun: Sequence[str], done: int) -> OperationFailed:
    lines: list[Text] = []
    if failed:
        n, names = len(failed), ", ".join(failed)
        lines.append(Text(f"{n} 件が失敗しました: {names}", f"{n} failed: {names}"))
    if not_begun:
        n, names = len(not_begun), ", ".join(not_begun)
        lines.append(Text(f"{n} 件は始めていません: {names}", f"{n} not begun: {names}"))
    return OperationFailed(
        Text("\n".join(line.ja for line in lines), "\n".join(line.en for line in lines)),
        touched=Text(f"ほかの {done} 件は適用済みです。", f"The other {done} were applied."),
        remedy=_REMOVE_CAUSE if failed else _AGAIN,
    )


_REMOVE_CAUSE = Text(
    "原因を取り除き、moyai deploy をもう一度実行してください。続きから行います。",
    "Remove the cause and run moyai deploy again: it goes on from there.",
)
_AGAIN = Text(
    "moyai deploy をもう一度実行してください。続きから行います。",
    "Run moyai deploy again: it goes on from there.",
)
