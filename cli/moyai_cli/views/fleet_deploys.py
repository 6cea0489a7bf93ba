"""`moyai deploy --by-workers`: planned, shown, signed, put on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from moyai.operations.fleet.assembling import LeftOut
from moyai.operations.fleet.deploying import KIND, SUBJECT, deploy_bodies, plan_deploy
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.risks import failed_before
from moyai.operations.fleet.submitting import Asked, submit
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import OperationPlan
from moyai_cli.render import Output
from moyai_cli.views.intended import show_intended
from moyai_cli.views.submitted import show_submitted


@dataclass(frozen=True, slots=True)
class FleetDeploy:
    """What is asked for."""

    selector: str
    allow_older: bool
    any_time: bool
    dry_run: bool
    key: Path | None
    who: str | None


def plan_fleet_deploy(file: Path | None, site: str, wish: FleetDeploy, output: Output) -> None:
    """Raises as `deploy_bodies` and `submit`."""
    now, day = datetime.now(UTC), today()
    asked = Asked(KIND, SUBJECT, wish.who, wish.key, wish.dry_run)
    with open_office(file, site) as office:
        left: tuple[LeftOut, ...] = ()

        def plan(by: str, history: tuple[Measured, ...]) -> OperationPlan:
            nonlocal left
            session = open_session(office.workspace.registry.path, site)
            found = deploy_bodies(session, wish.selector, day, allow_older=wish.allow_older)
            left = found.left
            return plan_deploy(
                office.workspace,
                found,
                by=by,
                now=now,
                in_windows=not wish.any_time,
                allow_older=wish.allow_older,
                history=history,
                failed=failed_before(office, KIND, SUBJECT, now),
            )

        def show(planned: OperationPlan) -> None:
            if output is Output.TABLE or wish.dry_run:
                show_intended(planned, left, forecast(planned, now), output)

        show_submitted(office, submit(office, asked, plan, show), output)
