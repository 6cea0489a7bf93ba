"""`backup`: a backup of each service of a body, restored by way of trial beside the live database.

Nothing of the service changes, so there is nothing to approve and no way back. The trial's time on record
is what says that a body's restore is verified (`operations.database.reading.verified_restores`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.by_service import ServiceStep, services_of
from moyai.operations.kinds.environment import environment_of
from moyai.operations.kinds.kind import Result, Step, Work
from moyai.operations.kinds.names import NAMES
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.registry.models import Registry
from moyai.texts import Text


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
class Dump(_Step):
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


@dataclass(frozen=True, slots=True)
class RestoreTest(_Step):
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
