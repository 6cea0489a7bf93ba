"""The first step of an upgrade: whether the body is what was planned, and well. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Look, Moved, Result, Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade.body import Subscribed, subscribed
from moyai.operations.kinds.upgrade.change import Change, change_of
from moyai.operations.workspace import today
from moyai.planning.conditions import Condition
from moyai.texts import Text

UNVERIFIED = "unverified-restore"
"""The risk of a body none of whose backups was restored of late, by way of trial."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """Condition on record, what would be done, freezes, quotas, health."""

    source: SiteSource
    name: str = "preflight"
    title: Text = Text("事前確認", "preflight")
    only_reads: bool = True

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` or `Moved`."""
        one = subscribed(self.source, work)
        change = change_of(one.session, one.code, one.service, one.target, today())
        self._is_known(one, change)
        if change.sha256 != work.body.change_sha256:
            raise _moved(change)
        self._may_begin(work, change)
        assert change.before is not None
        try:
            one.inside().health(one.registry, one.outputs, one.service, change.before)
        except MoyaiError as error:
            raise Unavailable(error.what, remedy=error.remedy) from error
        return {"release": change.before}

    def _is_known(self, one: Subscribed, change: Change) -> None:
        recorded = one.session.state.recorded(one.stack)
        if recorded.condition is not Condition.APPLIED or change.before is None:
            raise Unavailable(
                Text(
                    f"{one.code} の環境の状態が「適用済み」ではありません。",
                    f"{one.code}: its environment is not as it was applied last.",
                ),
                remedy=Text(
                    f"moyai status {one.code} で確かめ、moyai deploy {one.code} で直してください。",
                    f"Look at moyai status {one.code}, and put it right with moyai deploy {one.code}.",
                ),
            )

    def _may_begin(self, work: Work, change: Change) -> None:
        if change.stack.action == "refused":
            raise Unavailable(change.stack.reasons[0])
        if change.plan.exceeded:
            raise Unavailable(change.plan.exceeded[0].text)
        waits = [stack.name for stack in change.plan.foundation if stack.runs]
        if waits:
            names = ", ".join(waits)
            raise Unavailable(
                Text(
                    f"先に共通基盤（{names}）の適用が要ります。",
                    f"the foundation has to be deployed first: {names}.",
                ),
                remedy=Text("moyai deploy を実行してください。", "Run moyai deploy."),
            )
        for risk in work.body.risks:
            if f"{risk}:{work.body.code}" not in work.cleared:
                raise Unavailable(
                    Text(
                        f"「{risk}」の承認がありません。",
                        f"nobody has approved {risk} of this body.",
                    )
                )

    def look(self, work: Work) -> Result | Look:
        """It changes nothing: it is done again."""
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """There is nothing to take back."""
        return None


def _moved(change: Change) -> Moved:
    ja = "、".join(text.ja for text in change.texts)
    en = "; ".join(text.en for text in change.texts)
    return Moved(
        Text(
            f"計画のときと違います。いま行うとすれば: {ja}",
            f"it is not what was planned any more. What would be done now: {en}",
        ),
        remedy=Text(
            "この団体だけ、新しい計画を作って承認を受けてください。",
            "Plan this body anew, and have that approved.",
        ),
    )
