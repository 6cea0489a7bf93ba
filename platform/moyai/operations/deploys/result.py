"""What a deploy came to, by the events that it told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moyai.errors import NOTHING_TOUCHED, MoyaiError, OperationFailed
from moyai.operations.deploys.events import (
    DeployEvent,
    End,
    Interrupted,
    Planned,
    StackEnded,
    StackMoved,
)
from moyai.operations.deploys.preflight import refusal
from moyai.planning.plans import Plan, PlannedStack
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What is known of a deploy after some of its events; after all of them, what it came to."""

    plan: Plan | None = None
    ended: tuple[StackEnded, ...] = ()
    moved: tuple[str, ...] = ()
    """Whose turn came, each with code or name and title."""
    interrupted: bool = False

    def after(self, event: DeployEvent) -> DeployResult:
        """The same with one event more."""
        if isinstance(event, Planned):
            return replace(self, plan=event.plan)
        if isinstance(event, StackEnded):
            return replace(self, ended=(*self.ended, event))
        if isinstance(event, StackMoved) and event.label not in self.moved:
            return replace(self, moved=(*self.moved, event.label))
        if isinstance(event, Interrupted):
            return replace(self, interrupted=True)
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
            done = sum(one.ok for one in self.ended)
            return _unfinished(failed, self.not_begun, done, self.refused)
        if self.interrupted:
            return self.cut_off()
        return refusal(self.refused) if self.refused else None

    def cut_off(self) -> OperationFailed:
        """The error of a deploy of which an interrupt let no more be told."""
        done = [one.label for one in self.ended if one.ok]
        failed = [one.label for one in self.ended if one.end is End.FAILED]
        known = {one.label for one in self.ended}
        half = [label for label in self.moved if label not in known]
        lines = [Text("中断しました。", "interrupted.")]
        if failed:
            lines.append(_counted(failed, "件が失敗しました", "failed"))
        if half:
            lines.append(_counted(half, "件は途中です", "under way"))
        touched = NOTHING_BEGUN
        if done or failed or half:
            touched = Text(f"{len(done)} 件は適用済みです。", f"Applied: {len(done)}.")
        return OperationFailed(_joined(lines), touched=touched, remedy=_AGAIN)


def _unfinished(
    failed: Sequence[str], not_begun: Sequence[str], done: int, refused: Sequence[PlannedStack]
) -> OperationFailed:
    lines: list[Text] = []
    if failed:
        lines.append(_counted(failed, "件が失敗しました", "failed"))
    if not_begun:
        lines.append(_counted(not_begun, "件は始めていません", "not begun"))
    if refused:
        lines.append(refusal(refused).what)
    return OperationFailed(
        _joined(lines),
        touched=_applied(done) if done else None if failed else NOTHING_TOUCHED,
        remedy=_REMOVE_CAUSE if failed else _AGAIN,
    )


def _counted(labels: Sequence[str], ja: str, en: str) -> Text:
    names = ", ".join(labels)
    return Text(f"{len(labels)} {ja}: {names}", f"{len(labels)} {en}: {names}")


def _joined(lines: Sequence[Text]) -> Text:
    return Text("\n".join(line.ja for line in lines), "\n".join(line.en for line in lines))


NOTHING_BEGUN = Text(
    "まだ何も始めておらず、どの環境も変更していません。",
    "Nothing had begun yet: nothing of any environment was touched.",
)


def _applied(done: int) -> Text:
    others = "other one was" if done == 1 else f"other {done} were"
    return Text(f"ほかの {done} 件は適用済みです。", f"The {others} applied.")


_REMOVE_CAUSE = Text(
    "原因を取り除き、moyai deploy をもう一度実行してください。続きから行います。",
    "Remove the cause and run moyai deploy again: it goes on from there.",
)
_AGAIN = Text(
    "moyai deploy をもう一度実行してください。続きから行います。",
    "Run moyai deploy again: it goes on from there.",
)
