"""Whether a body that another carrying began to change was approved then.

The workers' password alone can say that a body was begun and changed; an approval it cannot make. So who takes
such a body up judges it as of the first change, by the database's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime

from moyai.operations.durable.carrying.ledger import Ledger, Taken
from moyai.operations.durable.carrying.patience import Patience
from moyai.operations.durable.carrying.threshold import NotNow, Threshold
from moyai.operations.kinds.kind import InDoubt
from moyai.texts import Text

Counted = Callable[[datetime], frozenset[str]]
"""The subjects whose approvals counted at a moment. Raises `MoyaiError` where nobody can say now."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What judges one body."""

    threshold: Threshold
    ledger: Ledger
    taken: Taken
    counted: Counted
    patience: Patience

    def doubt(self, cleared: Set[str], changing: Set[str]) -> InDoubt | None:
        """Why it is held: what it needs was not approved at its first change, nor is it now (`cleared`).
        `changing`: the steps that change something. Waits while nobody can say. Raises `Fenced`, `GivenUp`."""
        if self._suffices(cleared):
            return None
        moment = self.ledger.changed_at(self.taken, changing)
        try:
            then = self.patience.until_read(lambda: self.counted(moment), _heard)
        except InDoubt as doubt:
            return doubt
        return None if self._suffices(then) else _unapproved(self.taken)

    def _suffices(self, subjects: Set[str]) -> bool:
        try:
            self.threshold.approved(subjects)
        except NotNow:
            return False
        return True


def _heard(wanted: str, _seconds: float) -> None:
    """Nobody can say whether it was approved, and nobody waits for that any longer."""
    if wanted == "stop":
        raise InDoubt(
            Text(
                "この団体の変更が始まったときに有効な承認があったかを確かめられないまま、運用者の指示により止めました。",
                "stopped, as an operator wanted, before anybody could say whether an approval counted when "
                "this body was begun to be changed.",
            ),
            touched=Text(
                "記録にある手順は、元に戻していません。", "The steps on record were not taken back."
            ),
        )


def other_plan(why: Text, operation: str) -> InDoubt:
    """One that another carrying began to change, by a plan that is not on record any more as it was."""
    return InDoubt(
        why,
        touched=Text(
            "途中まで進んでいます。記録にある手順は、元に戻していません。",
            "It is half-way: the steps on record were not taken back.",
        ),
        remedy=Text(
            f"moyai operation show {operation} と監査の記録を比べ、書き換えられたものを確かめてください。"
            "取り消してから、新しい計画で引き継げます。",
            f"Hold moyai operation show {operation} against the audit, and find out what was changed. Once it "
            "is cancelled, a new plan takes the body over.",
        ),
    )


def _unapproved(taken: Taken) -> InDoubt:
    return InDoubt(
        Text(
            "この団体の変更が始まったとき、有効な承認がありませんでした。",
            "no approval of the plan counted when this body was begun to be changed.",
        ),
        touched=Text(
            "記録にある手順のほかは、何も変えていません。",
            "Nothing was changed beyond the steps on record.",
        ),
        remedy=Text(
            f"moyai operation show {taken.operation} で手順と承認を確かめ、だれが始めたかを調べてください。"
            "続けるには、承認者が改めて承認してから moyai operation retry を実行してください。",
            f"Look at its steps and approvals with moyai operation show {taken.operation}, and find out who "
            "began it. To go on, an approver approves it anew; then run moyai operation retry.",
        ),
    )
