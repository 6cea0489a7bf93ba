"""The steps of an upgrade that are about data: backup, migrations, and data put back.

What the release before still works with (`expand`) comes first and stays where the code goes back. Once
what it does not work with any more (`contract`) is there, the code goes back only with the data, and
the data only where it is proved that nothing was written since the backup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moyai.errors import MoyaiError
from moyai.jobs.failures import JobFailed
from moyai.operations.inside.jobs import nothing_written
from moyai.operations.kinds.again import Staying
from moyai.operations.kinds.backup import BACKUP_STAYS, BACKUP_UNFINISHED
from moyai.operations.kinds.kind import InDoubt, Result, TakenBack, Work, as_before
from moyai.operations.kinds.upgrade.body import Subscribed, before, restored_before
from moyai.operations.kinds.upgrade.found import approved_migrations, contracted, found_by
from moyai.operations.kinds.upgrade.step import UpgradeStep
from moyai.planning.fleet.ways_back import NOTHING, UNDONE, WayBack, stays, unknown
from moyai.texts import Text

_KEPT = ("manifest", "bytes", "schema_version", "token", "closed", "guarded")
"""What later steps need of a backup's result."""
_SHUT = "not-accepting"
"""A job's code where the database takes no connections."""


@dataclass(frozen=True, slots=True)
class Backup(UpgradeStep, Staying):
    """A backup of now, with the count of what was written until now."""

    name: str = "backup"
    title: Text = Text("バックアップ", "backup")

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """One backup an attempt: begun again, the one that is there is told.

        `base`: the backup that the release before works with, where this one is of a contracted schema.
        Raises `JobFailed`.
        """
        inside, given = one.inside(), (one.registry, one.outputs, one.service, before(work))
        made = inside.dump(*given, work.attempt_id)
        found: dict[str, Any] = {key: made.fields[key] for key in _KEPT}
        earlier = work.earlier.get("backup")
        if earlier is not None and _contracted(one, work, int(found["schema_version"])):
            found["base"] = earlier.get("base", earlier)
        if restored_before(work) is not None:
            # This attempt began with what was put back; it may have to put data back itself.
            inside.restore_forget(one.outputs, one.service)
        return found

    def kept(self, result: Result, work: Work) -> WayBack:
        """The backup; none was made where the release was on record already."""
        return BACKUP_STAYS if "manifest" in result else NOTHING

    def unfinished(self, work: Work) -> WayBack:
        """Files of it."""
        return BACKUP_UNFINISHED


@dataclass(frozen=True, slots=True)
class Expand(UpgradeStep, Staying):
    """Migrations that the release before still works with: they stay where the code goes back."""

    name: str = "migrate-expand"
    title: Text = Text("移行（拡張）", "migrate: expand")

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """Raises `JobFailed`: the migration that failed was rolled back; `Moved` before any begins."""
        approved = approved_migrations(found_by(work), one.manifest, one.target)
        made = one.inside().migrate(
            one.registry, one.outputs, one.service, one.target, "expand", approved
        )
        return _applied(made.fields)

    def kept(self, result: Result, work: Work) -> WayBack:
        """What was applied, unless data were put back to a backup from before."""
        if "restored" in work.results.get("-migrate-contract", {}):
            return UNDONE
        by = (work.results.get(self.name, {}), work.earlier.get(self.name, {}))
        return _EXPANDED if any(one.get("applied") for one in by) else NOTHING

    def unfinished(self, work: Work) -> WayBack:
        """Migrations before the one that failed, each of which is whole."""
        return _EXPANDED_IN_PART


@dataclass(frozen=True, slots=True)
class Contract(UpgradeStep):
    """Migrations that the release before does not work with any more."""

    name: str = "migrate-contract"
    title: Text = Text("移行（縮小）", "migrate: contract")

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """Raises `JobFailed`: the migration that failed was rolled back."""
        approved = approved_migrations(found_by(work), one.manifest, one.target)
        made = one.inside().migrate(
            one.registry, one.outputs, one.service, one.target, approved=approved
        )
        return _applied(made.fields)

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Data go back where a contract step is applied and nothing was written since the backup.

        Raises `InDoubt` where something was written, or where nobody can tell.
        """
        one = self.one(work)
        inside, given = one.inside(), (one.registry, one.outputs, one.service, before(work))
        backup = work.results.get("backup") or work.earlier["backup"]
        base = backup.get("base", backup)
        assert isinstance(base, Mapping)
        manifest = str(base["manifest"])
        now = _counted(one, work, manifest)
        if not _contracted(one, work, int(now["schema_version"])):
            # It may have been put back by a worker that died before it said so.
            state = inside.restore_state(one.outputs, one.service, manifest).fields
            if not state["restored"]:
                return as_before(work, self.name)
            inside.restore_end(one.outputs, one.service, manifest)
            return TakenBack(UNDONE, {"restored": manifest})
        if _contracted(one, work, int(str(base["schema_version"]))):
            raise _no_backup(error)
        if not nothing_written(base, now):
            raise _written(error)
        inside.restore(*given, manifest, str(now["token"]["objects"]))
        return TakenBack(UNDONE, {"restored": manifest})


def _counted(one: Subscribed, work: Work, manifest: str) -> Mapping[str, Any]:
    """What was written until now; in a database that a restore, cut off before its end, has left shut too."""
    inside, given = one.inside(), (one.registry, one.outputs, one.service, before(work))
    try:
        return inside.writes_count(*given).fields
    except JobFailed as error:
        if error.code != _SHUT:
            raise
        if not inside.restore_state(one.outputs, one.service, manifest).fields["loaded"]:
            raise  # another has shut it
    # It was shut after the same proof as the one that follows, which is asked for anew.
    inside.restore_reopen(one.outputs, one.service)
    return inside.writes_count(*given).fields


def _contracted(one: Subscribed, work: Work, version: int) -> bool:
    """Whether a schema of this version has a step that the release before does not work with."""
    return contracted(found_by(work), one.manifest, one.target, version)


def _applied(fields: Mapping[str, Any]) -> Result:
    names = tuple(f"{one['version']:04}_{one['name']}" for one in fields.get("applied", ()))
    return {"applied": names, "schema_version": int(fields["schema_version"])}


_EXPANDED = stays(
    Text(
        "前のリリースも、移行したあとのデータベースで動きます",
        "the release before works with what was migrated",
    )
)
_EXPANDED_IN_PART = unknown(
    Text(
        "失敗した移行は取り消されました。その前に済んだ移行があれば残り、前のリリースもそれで動きます",
        "the migration that failed was rolled back; those before it stay, if any, and the release before works "
        "with them",
    )
)
_HELD = Text(
    "書込みは止めたままです。手順書 held-body（moyai runbook run held-body）に沿ってデータを確かめ、"
    "直してから moyai operation retry を実行してください。",
    "Writes stay closed. Look at the data along the runbook held-body (moyai runbook run held-body), mend "
    "them, then run moyai operation retry.",
)


def _written(error: MoyaiError) -> InDoubt:
    return InDoubt(
        Text(
            f"{error.what.ja} バックアップのあとに書き込まれたか、書き込まれていないと証明できない"
            "ため、データを戻していません。",
            f"{error.what.en} Something was written since the backup, or nobody can prove that "
            "nothing was: data were not put back.",
        ),
        touched=error.touched,
        remedy=_HELD,
    )


def _no_backup(error: MoyaiError) -> InDoubt:
    return InDoubt(
        Text(
            f"{error.what.ja} 前のリリースが使えるバックアップがないため、データを戻していません。",
            f"{error.what.en} There is no backup that the release before works with: data were not "
            "put back.",
        ),
        touched=error.touched,
        remedy=_HELD,
    )
