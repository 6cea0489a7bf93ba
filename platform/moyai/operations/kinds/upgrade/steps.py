"""The steps of an upgrade that change something, and how each is taken back.

Writes are closed from the backup to the end: data go back only where it is proved that nothing was
written since. In between, what the release before still works with (`expand`) comes first, is looked at,
and what it does not work with any more (`contract`) comes last.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError
from moyai.jobs.migrations import read_migrations
from moyai.operations.inside import nothing_written
from moyai.operations.kinds.kind import InDoubt, Look, Result, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade.body import Subscribed, subscribed
from moyai.texts import Text

_LOOKS = 3
"""Looks at the health of a body, over the soak."""
_KEPT = ("manifest", "bytes", "schema_version", "token", "closed", "guarded")
"""What later steps need of a backup's result."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What all of them have."""

    source: SiteSource

    @property
    def only_reads(self) -> bool:
        """Each changes something, but for the look at health."""
        return False

    def _one(self, work: Work) -> Subscribed:
        return subscribed(self.source, work)

    def look(self, work: Work) -> Result | Look:
        """It may be done again."""
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """There is nothing to take back."""
        return None


@dataclass(frozen=True, slots=True)
class CloseWrites(_Step):
    """From here on the application reads only."""

    name: str = "close-writes"
    title: Text = Text("書込みの停止", "close writes")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`: transactions that do not end are named, and nothing was closed."""
        one = self._one(work)
        one.inside().writes_close(
            one.registry, one.outputs, one.service, _before(work), work.operation
        )
        return {}

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """Let the application write again."""
        one = self._one(work)
        state = one.inside().writes_state(one.registry, one.outputs, one.service, _before(work))
        if state.fields.get("closed") is True:
            one.inside().writes_open(
                one.registry, one.outputs, one.service, _before(work), work.operation
            )
        return {}


@dataclass(frozen=True, slots=True)
class Backup(_Step):
    """A backup of now, with the count of what was written until now."""

    name: str = "backup"
    title: Text = Text("バックアップ", "backup")

    def do(self, work: Work) -> Result:
        """One backup an attempt: begun again, the one that is there is told."""
        one = self._one(work)
        made = one.inside().dump(
            one.registry, one.outputs, one.service, _before(work), _backup_id(work)
        )
        return {key: made.fields[key] for key in _KEPT}


@dataclass(frozen=True, slots=True)
class UpdateStack(_Step):
    """The new release's resources: task definition, image, what its edition gets."""

    name: str = "stack"
    title: Text = Text("環境の適用", "stack update")

    def do(self, work: Work) -> Result:
        """Raises as the engine's run ended."""
        one = self._one(work)
        one.bring(one.target)
        return dict(one.build())

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """Build it with the release on record again."""
        one = self._one(work)
        one.bring(None)
        return dict(one.build())


@dataclass(frozen=True, slots=True)
class Expand(_Step):
    """Migrations that the release before still works with: they stay where the code goes back."""

    name: str = "migrate-expand"
    title: Text = Text("移行（拡張）", "migrate: expand")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`: the migration that failed was rolled back."""
        one = self._one(work)
        made = one.inside().migrate(
            one.registry, one.outputs, one.service, one.target, phase="expand"
        )
        return _applied(made.fields)


@dataclass(frozen=True, slots=True)
class Contract(_Step):
    """Migrations that the release before does not work with any more."""

    name: str = "migrate-contract"
    title: Text = Text("移行（縮小）", "migrate: contract")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`: the migration that failed was rolled back."""
        one = self._one(work)
        made = one.inside().migrate(one.registry, one.outputs, one.service, one.target)
        return _applied(made.fields)

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """Data go back where a contract step was applied and nothing was written since the backup.

        Raises `InDoubt` where something was written, or where nobody can tell.
        """
        one, backup = self._one(work), work.results["backup"]
        now = one.inside().writes_count(one.registry, one.outputs, one.service, _before(work))
        if not _has_contracted(one, backup, now.fields):
            return {}
        if not nothing_written(backup, now.fields):
            raise _written(error)
        one.inside().restore(
            one.registry,
            one.outputs,
            one.service,
            _before(work),
            str(backup["manifest"]),
        )
        return {"restored": backup["manifest"]}


@dataclass(frozen=True, slots=True)
class Health(_Step):
    """Looks at the service as its application would find it, over the soak."""

    name: str = "health"
    title: Text = Text("正常性の確認", "health")

    @property
    def only_reads(self) -> bool:
        """It changes nothing."""
        return True

    def do(self, work: Work) -> Result:
        """Raises `JobFailed` at the first look that is not well."""
        one, soak = self._one(work), float(str(work.plan.parameters.get("soak_seconds", 0)))
        looks = _LOOKS if soak > 0 else 1
        for number in range(looks):
            if number:
                time.sleep(soak / (_LOOKS - 1))
            one.inside().health(one.registry, one.outputs, one.service, one.target)
        return {"looks": looks}


@dataclass(frozen=True, slots=True)
class Release(_Step):
    """The new release is the one on record."""

    name: str = "release"
    title: Text = Text("リリースの記録", "release on record")

    def do(self, work: Work) -> Result:
        """Raises `OperationFailed` where another command is at the body for too long."""
        one = self._one(work)
        one.change_record(lambda record: _released(record, one.service, one.target))
        return {"release": one.target}

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """The release before is the one on record, and this one is brought still."""
        one, before = self._one(work), _before(work)

        def back(record: StackRecord) -> StackRecord:
            moving = {**record.moving, one.service: one.target}
            return replace(record, releases={**record.releases, one.service: before}, moving=moving)

        one.change_record(back)
        return {"release": before}


@dataclass(frozen=True, slots=True)
class OpenWrites(_Step):
    """The application writes again, with the new release."""

    name: str = "open-writes"
    title: Text = Text("書込みの再開", "open writes")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`."""
        one = self._one(work)
        state = one.inside().writes_state(one.registry, one.outputs, one.service, one.target)
        if state.fields.get("closed") is True:
            one.inside().writes_open(
                one.registry, one.outputs, one.service, one.target, work.operation
            )
        return {}

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """Raises `InDoubt`: where writes could not be opened for certain, something may have been
        written with the new release, and nothing is taken back from under it."""
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


def _before(work: Work) -> str:
    return str(work.results["preflight"]["release"])


def _backup_id(work: Work) -> str:
    return f"{work.operation}-{work.attempt}"


def _released(record: StackRecord, service: str, release: str) -> StackRecord:
    moving = {name: one for name, one in record.moving.items() if name != service}
    return replace(record, releases={**record.releases, service: release}, moving=moving)


def _applied(fields: Mapping[str, Any]) -> Result:
    names = tuple(f"{one['version']:04}_{one['name']}" for one in fields.get("applied", ()))
    return {"applied": names, "schema_version": int(fields["schema_version"])}


def _has_contracted(one: Subscribed, backup: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a contract step was applied since the backup."""
    first, last = int(backup["schema_version"]), int(now["schema_version"])
    found = read_migrations(one.registry.services[one.service].manifest.folder)
    return any(each.contracts for each in found if first < each.version <= last)


def _written(error: MoyaiError) -> InDoubt:
    return InDoubt(
        Text(
            f"{error.what.ja} バックアップのあとに書き込まれたか、書き込まれていないと証明できない"
            "ため、データを戻していません。",
            f"{error.what.en} Something was written since the backup, or nobody can prove that "
            "nothing was: data were not put back.",
        ),
        touched=error.touched,
        remedy=Text(
            "書込みは止めたままです。データを確かめ、直してから moyai operation retry を、"
            "戻すなら復元の手順書に従ってください。",
            "Writes stay closed. Look at the data; mend, then run moyai operation retry, or follow "
            "the runbook of restoring.",
        ),
    )
