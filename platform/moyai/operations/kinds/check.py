"""`check`: whether each body's services answer as their application would find them. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.inside.looking import looked
from moyai.operations.kinds.again import Reading
from moyai.operations.kinds.answers import answer_of
from moyai.operations.kinds.environment import environment_of
from moyai.operations.kinds.kind import Result, Step, Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.texts import Text, counted


@dataclass(frozen=True, slots=True)
class CheckHealth(Reading):
    """The health check of every service that is on record of a body."""

    name: str = "health"
    title: Text = Text("正常性の確認", "health check")

    def do(self, work: Work) -> Result:
        """Raises `Unavailable` where there is no environment, `OperationFailed` with each failure."""
        one = replace(environment_of(self.source, work), asker=None)  # it reads only
        record, outputs, inside = one.record, one.outputs, one.inside()
        wanted = work.plan.parameters.get("service")
        if wanted is not None and wanted not in record.releases:
            raise Unavailable(
                Text(
                    f"{work.body.name}の環境に、{wanted} はまだ適用されていません。",
                    f"{wanted} has not been deployed to {work.body.name} yet.",
                ),
                remedy=Text(
                    f"moyai deploy {work.body.code} で適用できます。",
                    f"moyai deploy {work.body.code} brings it.",
                ),
            )
        failures: list[MoyaiError] = []
        checked: list[str] = []
        for service, release in sorted(record.releases.items()):
            if wanted not in (None, service):
                continue
            health = partial(inside.health, one.registry, outputs, service, release)
            found = answer_of(partial(looked, health))
            if isinstance(found, MoyaiError):
                failures.append(found)
            checked.append(service)
        if failures:
            raise _failed(failures)
        return {"services": tuple(checked)}


@dataclass(frozen=True, slots=True)
class Check:
    """The kind `check`."""

    source: SiteSource
    name: str = "check"
    title: Text = NAMES["check"].title
    needs_approval: bool = False
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """Nothing was changed."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """One step."""
        return (CheckHealth(self.source),)


def _failed(failures: list[MoyaiError]) -> MoyaiError:
    if len(failures) == 1:
        return failures[0]
    first, number = failures[0].what, len(failures)
    return OperationFailed(
        Text(
            f"{number} つのサービスが正常ではありません。最初のもの: {first.ja}",
            f"{counted(number, 'service fails', 'services fail')}; the first: {first.en}",
        ),
        remedy=failures[0].remedy,
    )
