"""`backup`: a backup of each service of a body, restored by way of trial beside the live database.

Nothing of the service changes, so there is nothing to approve and no way back. The trial's time on record
is what says that a body's restore is verified (`operations.database.reading.verified_restores`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.again import Staying
from moyai.operations.kinds.by_service import ServiceStep, services_of
from moyai.operations.kinds.environment import environment_of
from moyai.operations.kinds.kind import Result, Step, Work
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.ways_back import NOTHING, WayBack, stays, unknown
from moyai.registry.models import Registry
from moyai.texts import Text

BACKUP_STAYS = stays(
    Text("作ったバックアップは復元に使えます", "the backup that was made can be restored")
)
BACKUP_UNFINISHED = unknown(
    Text(
        "途中までのファイルが残っているかもしれません。復元には使われません",
        "files of it may be left; no restore uses them",
    )
)
_TRIAL_UNFINISHED = unknown(
    Text(
        "試験用のデータベースが残っているかもしれません。次の試験が作り直します",
        "the trial's database may be left; the next trial makes it anew",
    )
)


@dataclass(frozen=True, slots=True)
class _Step(ServiceStep):
    """One step about one service."""

    def _given(self, work: Work) -> tuple[Inside, Registry, Mapping[str, Any], str] | None:
        """What a job is asked with; None: the body does not have the service.

        Raises `Unavailable` where the body has no environment.
        """
        one = environment_of(self.source, work)
        release = one.record.releases.get(self.service)
        return None if release is None else (one.inside(), one.registry, one.outputs, release)


@dataclass(frozen=True, slots=True)
class Dump(_Step, Staying):
    """A backup under the operation's id and the attempt's number."""

    what = "dump"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(f"{self.service} のバックアップ", f"backup of {self.service}")

    def do(self, work: Work) -> Result:
        """Begun again, the one that is there is told. Raises `JobFailed`, `Unavailable`."""
        given = self._given(work)
        if given is None:
            return {}
        inside, registry, outputs, release = given
        made = inside.dump(registry, outputs, self.service, release, work.attempt_id).fields
        return {key: made[key] for key in ("manifest", "bytes", "schema_version", "release")}

    def kept(self, result: Result, work: Work) -> WayBack:
        """The backup; there is none of a service that the body does not have."""
        return BACKUP_STAYS if "manifest" in result else NOTHING

    def unfinished(self, work: Work) -> WayBack:
        """Files of it."""
        return BACKUP_UNFINISHED


@dataclass(frozen=True, slots=True)
class RestoreTest(_Step, Staying):
    """The backup restored into a database beside the live one, compared and dropped."""

    what = "restore-test"

    @property
    def title(self) -> Text:
        """For people."""
        return Text(f"{self.service} の復元試験", f"restore test of {self.service}")

    def do(self, work: Work) -> Result:
        """Raises `JobFailed`: the backup is damaged, or what comes of it differs."""
        given, manifest = self._given(work), work.results[f"dump:{self.service}"].get("manifest")
        if given is None or manifest is None:
            return {}
        inside, registry, outputs, release = given
        found = inside.restore_test(registry, outputs, self.service, release, str(manifest)).fields
        return {"manifest": str(manifest), "rows": found["rows"], "tables": found["tables"]}

    def kept(self, result: Result, work: Work) -> WayBack:
        """Nothing: the trial's database was dropped."""
        return NOTHING

    def unfinished(self, work: Work) -> WayBack:
        """The trial's database."""
        return _TRIAL_UNFINISHED


@dataclass(frozen=True, slots=True)
class Backup:
    """The kind `backup`; the plan's parameter `services` has each body's, by code."""

    source: SiteSource
    name: str = "backup"
    title: Text = NAMES["backup"].title
    needs_approval: bool = False
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """Nothing of the service was changed."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """A backup and its trial for each service that the plan has for the body; one that has gone since
        comes to nothing."""
        return tuple(
            step
            for service in services_of(plan, body)
            for step in (Dump(self.source, service), RestoreTest(self.source, service))
        )
