"""`upgrade`: a service's new release, body by body, with a way back at every step."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.operations.inside.away import waited_for
from moyai.operations.inside.looking import looked
from moyai.operations.kinds.environment import Environment
from moyai.operations.kinds.kind import Step
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade.back import back_steps
from moyai.operations.kinds.upgrade.data import Backup, Contract, Expand
from moyai.operations.kinds.upgrade.preflight import Preflight
from moyai.operations.kinds.upgrade.steps import (
    CloseWrites,
    Health,
    OpenWrites,
    Release,
    UpdateStack,
)
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.taking_over import taken_over
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The kind `upgrade`."""

    source: SiteSource
    name: str = "upgrade"
    title: Text = NAMES["upgrade"].title
    needs_approval: bool = True
    gates_by_health: bool = True

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """As the runbook of a weekend upgrade reads; the way back of a body that is taken over for that."""
        source, over = self.source, taken_over(plan, body.code)
        if over is not None and over.way == "back":
            return back_steps(source)
        return _forward(source)

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """The service's health with the new release. Raises `JobFailed`, `DatabaseAway`, and `Unreadable` as
        the site does."""
        one = Environment(self.source.session(), body.code, away=waited_for)
        given = plan.parameters
        inside, service, release = one.inside(), str(given["service"]), str(given["release"])
        looked(lambda: inside.health(one.registry, one.outputs, service, release))


def _forward(source: SiteSource) -> tuple[Step, ...]:
    return (
        Preflight(source),
        CloseWrites(source),
        Backup(source),
        UpdateStack(source),
        Expand(source),
        Health(source),
        Contract(source),
        Health(source, name="health-after", title=Text("移行後の確認", "health after")),
        Release(source),
        OpenWrites(source),
    )
