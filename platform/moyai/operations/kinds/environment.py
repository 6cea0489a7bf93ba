"""One body's environment as steps find it, in a session of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.jobs.asking import Asker
from moyai.operations.inside.away import Judge
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.kind import Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.site.session import Session
from moyai.planning.fleet.plans import PlannedBody
from moyai.planning.topology import TENANT
from moyai.registry.models import Registry
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Environment:
    """What is on record of it, and the way inside."""

    session: Session
    code: str
    _: KW_ONLY
    asker: Asker | None = None
    """For jobs that a step asks for; None: those that read only."""
    away: Judge | None = None
    """What is raised where the body's database does not answer (`Inside`)."""

    @property
    def stack(self) -> StackId:
        """Its body's stack."""
        return StackId(TENANT, self.code)

    @property
    def registry(self) -> Registry:
        """tenants.yaml."""
        return self.session.workspace.registry

    @property
    def record(self) -> StackRecord:
        """Its body's record."""
        return self.session.state.record(self.stack)

    @property
    def outputs(self) -> Mapping[str, object]:
        """Its stack's outputs; empty where there is no environment."""
        return self.session.state.outputs(self.stack)

    @property
    def variables(self) -> Mapping[str, str]:
        """By which programs find the site's cloud."""
        return self.session.workspace.runtime.environment()

    def inside(self) -> Inside:
        """Runs jobs in it."""
        return Inside(self.session.workspace.site, self.variables, self.asker, self.away)


def environment_of(source: SiteSource, work: Work) -> Environment:
    """The environment of a step's body. Raises `Unavailable` where there is none, and `Unreadable`."""
    found = Environment(source.session(), work.body.code, asker=work.asker, away=work.away)
    if not found.outputs:
        raise _no_environment(work.body)
    return found


def _no_environment(body: PlannedBody) -> Unavailable:
    return Unavailable(
        Text(
            f"{body.name}の環境は、記録にありません。",
            f"{body.name} has no environment on record.",
        ),
        remedy=Text(
            f"moyai onboard {body.code} で作れます。",
            f"moyai onboard {body.code} makes it.",
        ),
    )
