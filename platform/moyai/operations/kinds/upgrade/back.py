"""A half-way body taken back to the release that it came from, as a plan of its own that was approved.

The same as what an upgrade does with a body that fails: code alone, or with the data where nothing was written
since the backup. What cannot be done leaves the body as it is, held.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.kinds.again import Repeatable
from moyai.operations.kinds.answers import answer_of
from moyai.operations.kinds.kind import (
    InDoubt,
    Result,
    Step,
    Stopped,
    TakenBack,
    Work,
)
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade.data import Contract
from moyai.operations.kinds.upgrade.preflight import Preflight
from moyai.operations.kinds.upgrade.steps import CloseWrites, Health, Release, UpdateStack
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class BackStep(Repeatable, ABC):
    """What an upgrade takes back, as a step."""

    def do(self, work: Work) -> Result:
        """Raises `InDoubt`: the body is still half-way."""
        found = answer_of(lambda: self.take_back(work))
        if isinstance(found, InDoubt):
            raise found
        if isinstance(found, MoyaiError):
            raise _still_half_way(found) from found
        return found

    @abstractmethod
    def take_back(self, work: Work) -> Result:
        """What the step does. Raises `MoyaiError`."""

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """There is no way back from a way back. Raises `InDoubt`."""
        raise _still_half_way(error)


@dataclass(frozen=True, slots=True)
class BackData(BackStep):
    """Data go back where a contract step is applied and nothing was written since the backup."""

    name: str = "back-data"
    title: Text = Text("データの切戻し", "data back")

    def take_back(self, work: Work) -> Result:
        """Nothing where no backup was made: nothing was migrated then."""
        if "backup" not in work.earlier:
            return {}
        return Contract(self.source).undo(work, _wanted(work)).result


@dataclass(frozen=True, slots=True)
class BackStack(BackStep):
    """The release before on record, and its resources."""

    name: str = "back-stack"
    title: Text = Text("環境の切戻し", "stack back")

    def take_back(self, work: Work) -> Result:
        """Raises as the engine's run ended."""
        if "release" in work.left:
            Release(self.source).undo(work, _wanted(work))
        return UpdateStack(self.source).undo(work, _wanted(work)).result


@dataclass(frozen=True, slots=True)
class BackOpen(BackStep):
    """The application writes again, with the release before."""

    name: str = "back-open-writes"
    title: Text = Text("書込みの再開", "open writes")

    def take_back(self, work: Work) -> Result:
        """Where data were put back, what they replaced is forgotten."""
        restored = work.results.get("back-data") or work.earlier.get("back-data", {})
        results = {**work.results, "-migrate-contract": restored}
        return CloseWrites(self.source).undo(replace(work, results=results), _wanted(work)).result


def back_steps(source: SiteSource) -> tuple[Step, ...]:
    """The way back, in order. Health is looked at before writes are opened."""
    return (
        Preflight(source),
        BackData(source),
        BackStack(source),
        Health(source, name="health-back", title=Text("正常性の確認", "health")),
        BackOpen(source),
    )


def _wanted(work: Work) -> MoyaiError:
    """Why it is taken back: somebody planned it."""
    return OperationFailed(
        Text(
            f"{work.operation} により前のリリースに戻します。",
            f"{work.operation} takes it back to the release before.",
        )
    )


def _still_half_way(error: MoyaiError) -> InDoubt:
    what = error.what
    if isinstance(error, Stopped):
        what = Text("運用者の指示で止めました。", "stopped, as an operator wanted.")
    return InDoubt(
        Text(
            f"団体は途中のままで、書込みも止まっています: {what.ja}",
            f"the body is half-way still, and its writes are closed: {what.en}",
        ),
        touched=error.touched,
        remedy=error.remedy
        or Text(
            "原因を除いてから、moyai operation retry を実行してください。",
            "Remove the cause, then run moyai operation retry.",
        ),
    )
