"""moyai upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from moyai.operations.database.reading import verified_restores
from moyai.operations.fleet.assembling import LeftOut
from moyai.operations.fleet.half_way import half_way
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.risks import failed_before
from moyai.operations.fleet.submitting import Asked, submit
from moyai.operations.fleet.upgrading import KIND, UpgradeWish, plan_upgrade, upgrade_bodies
from moyai.operations.kinds.site import SiteSource
from moyai.operations.site.session import open_session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import OperationPlan
from moyai_cli.language import say
from moyai_cli.options import (
    AnyTime,
    DryRun,
    File,
    Format,
    PlanKey,
    Selector,
    SiteName,
    UsedOn,
    Who,
    day_of,
    selector_of,
)
from moyai_cli.render import Output
from moyai_cli.views.intended import show_intended
from moyai_cli.views.submitted import show_submitted

app = typer.Typer(add_completion=False)


@app.command(
    "upgrade",
    help=say(
        "サービスを新しいリリースにする計画を作る（一斉更新）。承認のあと、ワーカーが行う。",
        "Plan a service's new release for its bodies. Approved, workers carry it out.",
    ),
)
def command(
    service: Annotated[str, typer.Argument(help=say("サービス", "The service"))],
    release: Annotated[str, typer.Argument(help=say("リリース", "The release"))],
    selector: Selector = None,
    soak: Annotated[
        int,
        typer.Option(
            "--soak",
            min=0,
            max=3600,
            help=say(
                "団体ごとに正常性を見続ける秒数（その間、書込みは止まっている）",
                "Seconds for which each body's health is looked at, its writes closed",
            ),
        ),
    ] = 0,
    any_time: AnyTime = False,
    dry_run: DryRun = False,
    key: PlanKey = None,
    who: Who = None,
    as_of: UsedOn = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Shown first; put on record with the planner's signature."""
    now = datetime.now(UTC)
    wish = UpgradeWish(service, release, selector_of(selector), day_of(as_of))
    asked = Asked(KIND, f"{service} {release}", who, key, dry_run)
    with open_office(file, site) as office:
        left: tuple[LeftOut, ...] = ()

        def plan(by: str, history: tuple[Measured, ...]) -> OperationPlan:
            nonlocal left
            path = office.workspace.registry.path
            session = open_session(path, site)
            with office.engine.connect() as connection:
                verified = verified_restores(connection, service)
                half = half_way(connection, SiteSource(path, site), service)
            failed = failed_before(office, KIND, asked.subject, now)
            found = upgrade_bodies(session, wish, verified, now, half, failed)
            left = found.left
            return plan_upgrade(
                office.workspace,
                found,
                wish,
                by=by,
                now=now,
                soak_seconds=soak,
                in_windows=not any_time,
                history=history,
            )

        def show(planned: OperationPlan) -> None:
            if output is Output.TABLE or dry_run:
                show_intended(planned, left, forecast(planned, now), output)

        show_submitted(office, submit(office, asked, plan, show), output)
