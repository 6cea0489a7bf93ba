"""The steps of an upgrade that change code and what is on record, and how each is taken back.

Writes are closed from before the backup to the end: data go back only where it is proved that nothing was
written since (`data`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError
from moyai.operations.kinds.again import Reading, Staying
from moyai.operations.kinds.answers import answer_of
from moyai.operations.kinds.kind import (
    InDoubt,
    Look,
    Result,
    Stopped,
    TakenBack,
    Work,
    as_before,
)
from moyai.operations.kinds.stacks import changed
from moyai.operations.kinds.upgrade.body import (
    Subscribed,
    before,
    closer,
    is_released,
    restored_before,
    subscribed,
)
from moyai.operations.kinds.upgrade.found import found_by, hold_to_service
from moyai.operations.kinds.upgrade.step import UpgradeStep
from moyai.planning.fleet.taking_over import taken_over
from moyai.planning.fleet.ways_back import NOTHING, UNDONE, WayBack, stays
from moyai.texts import Text

_LOOKS = 3
"""Looks at the health of a body, over the soak."""
_OPEN = stays(Text("書込みは再開されています", "writes are open"))


@dataclass(frozen=True, slots=True)
class CloseWrites(UpgradeStep):
    """From here on the application reads only."""

    name: str = "close-writes"
    title: Text = Text("書込みの停止", "close writes")

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """Raises `JobFailed`: transactions that do not end are named, and nothing was closed."""
        one.inside().writes_close(
            one.registry, one.outputs, one.service, before(work), closer(work)
        )
        return {}

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Let the application write again: the last thing that is taken back.

        Where data were put back, by this attempt or by one before, or where another operation left the
        body half-way, it is looked whether the service is well. Raises `InDoubt` where it is not: what was
        replaced is kept then.
        """
        one = self.one(work)
        inside, given = one.inside(), (one.registry, one.outputs, one.service, before(work))
        by = inside.writes_state(*given).fields.get("closed_by")
        if by not in (None, closer(work)):
            return TakenBack(NOTHING)  # another's to open
        restored = work.results.get("-migrate-contract", {}).get("restored")
        if restored is None:
            restored = restored_before(work)
        if restored is not None or taken_over(work.plan, work.body.code) is not None:
            trouble = answer_of(partial(inside.health, *given))
            if isinstance(trouble, MoyaiError):
                raise _unwell(trouble, restored is not None) from trouble
        # Also where they are open: one that a worker began to close, and died, comes before this.
        inside.writes_open(*given, closer(work))
        if restored is not None:
            inside.restore_forget(one.outputs, one.service)
        return TakenBack(UNDONE) if by is not None else as_before(work, self.name)


@dataclass(frozen=True, slots=True)
class UpdateStack(UpgradeStep):
    """The new release's resources: task definition, image, what its edition gets."""

    name: str = "stack"
    title: Text = Text("環境の適用", "stack update")

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """Raises as the engine's run ended; `Moved` where it is not what was approved: nothing is run then."""
        found = found_by(work)
        if one.record.moving.get(one.service) == one.target and one.stands(found):
            return {}
        one.bring(one.target)
        # From the engine's start on the program holds itself to what is compared here: what is edited later
        # is the next one's.
        return dict(one.build(found))

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Build it with the release on record again. Raises `InDoubt` where more would go along."""
        one = self.one(work)
        one.bring(None)
        counts = one.build_back(found_by(work))
        return TakenBack(UNDONE, counts) if changed(counts) else as_before(work, self.name)


@dataclass(frozen=True, slots=True)
class Health(Reading):
    """Looks at the service as its application would find it, over the soak."""

    name: str = "health"
    title: Text = Text("正常性の確認", "health")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed` at the first look that is not well; `InDoubt` where there is no way back;
        `Stopped` within a moment where running bodies are to stop. A pause does not shorten the soak."""
        one = subscribed(self.source, work)
        soak = float(str(work.plan.parameters.get("soak_seconds", 0)))
        looks = _LOOKS if soak > 0 else 1
        for number in range(looks):
            if number:
                work.rest(soak / (_LOOKS - 1))
            error = answer_of(partial(_look, one, work))
            if error is not None:
                if is_released(work):
                    raise _no_way_back(error) from error
                raise error
        return {"looks": looks}


@dataclass(frozen=True, slots=True)
class Release(UpgradeStep):
    """The new release is the one on record."""

    name: str = "release"
    title: Text = Text("リリースの記録", "release on record")

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """Raises `OperationFailed` where another command is at the body for too long."""
        one.change_record(lambda record: _released(record, one.service, one.target))
        return {"release": one.target}

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """The release before is the one on record, and this one is brought still."""
        one, was = self.one(work), before(work)
        is_there = one.record.releases.get(one.service) != was

        def back(record: StackRecord) -> StackRecord:
            moving = {**record.moving, one.service: one.target}
            return replace(record, releases={**record.releases, one.service: was}, moving=moving)

        one.change_record(back)
        return TakenBack(UNDONE, {"release": was}) if is_there else as_before(work, self.name)


@dataclass(frozen=True, slots=True)
class OpenWrites(Staying):
    """The application writes again, with the new release."""

    name: str = "open-writes"
    title: Text = Text("書込みの再開", "open writes")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`."""
        one = subscribed(self.source, work)
        given = (one.registry, one.outputs, one.service, one.target)
        inside = one.inside()
        if inside.writes_state(*given).fields.get("closed_by") is not None:
            inside.writes_open(*given, closer(work))
        return {}

    def look(self, work: Work) -> Result | Look:
        """Who has closed writes says whether they were opened; nobody knows where that cannot be read."""
        one = subscribed(self.source, work)
        given = (one.registry, one.outputs, one.service, one.target)
        state = answer_of(lambda: one.inside().writes_state(*given))
        if isinstance(state, MoyaiError):
            return Look.UNKNOWN
        return Look.NOT_DONE if state.fields.get("closed_by") == closer(work) else {}

    def kept(self, result: Result, work: Work) -> WayBack:
        """It is the last step: nothing that comes after it can fail."""
        return _OPEN

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Nothing where it was never begun. Raises `InDoubt` else: something may have been written with
        the new release, and nothing is taken back from under it."""
        if isinstance(error, Stopped) and not is_released(work):
            return TakenBack(NOTHING)
        raise InDoubt(
            Text(
                "新しいリリースで書込みが再開されたかどうか分かりません。",
                "it is not known whether the application has begun to write with the new release.",
            ),
            remedy=Text(
                "moyai operation retry で、もう一度再開してください。",
                "Run moyai operation retry: it opens writes again.",
            ),
        )


def _look(one: Subscribed, work: Work) -> None:
    """One look at the service with its new release. Raises as `hold_to_service`, `JobFailed`."""
    if not is_released(work):
        hold_to_service(found_by(work), one.manifest, one.target)
    one.inside().health(one.registry, one.outputs, one.service, one.target)


def _released(record: StackRecord, service: str, release: str) -> StackRecord:
    moving = {name: one for name, one in record.moving.items() if name != service}
    return replace(record, releases={**record.releases, service: release}, moving=moving)


def _unwell(trouble: MoyaiError, is_restored: bool) -> InDoubt:
    if not is_restored:
        return InDoubt(
            Text(
                f"元に戻しましたが、正常ではありません: {trouble.what.ja}",
                f"it was taken back, but the service is not well: {trouble.what.en}",
            ),
            remedy=Text(
                "書込みは止めたままです。原因を除いてから moyai operation retry を実行してください。",
                "Writes stay closed. Remove the cause, then run moyai operation retry.",
            ),
        )
    return InDoubt(
        Text(
            f"データを戻しましたが、正常ではありません: {trouble.what.ja}",
            f"data were put back, but the service is not well: {trouble.what.en}",
        ),
        remedy=Text(
            "書込みは止めたまま、置き換えたデータベースも残してあります。原因を除いてから "
            "moyai operation retry を実行してください。",
            "Writes stay closed, and the database that was replaced is kept. Remove the cause, then "
            "run moyai operation retry.",
        ),
    )


def _no_way_back(error: MoyaiError) -> InDoubt:
    return InDoubt(
        Text(
            f"{error.what.ja} すでに新しいリリースで書き込まれたおそれがあるため、戻しません。",
            f"{error.what.en} The application may have written with the new release by now: nothing "
            "is taken back.",
        ),
        touched=error.touched,
        remedy=Text(
            "原因を除いてから、moyai operation retry を実行してください。",
            "Remove the cause, then run moyai operation retry.",
        ),
    )
