"""moyai rotate."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from moyai.operations.fleet.assembling import LeftOut
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.risks import failed_before
from moyai.operations.fleet.rotating import (
    KIND,
    plan_rotation,
    require_known,
    rotated_bodies,
)
from moyai.operations.fleet.submitting import Asked, submit
from moyai.operations.site.places import today
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
    Who,
    selector_of,
)
from moyai_cli.render import Output
from moyai_cli.views.intended import show_intended
from moyai_cli.views.submitted import show_submitted

app = typer.Typer(add_completion=False)


@app.command(
    "rotate",
    help=say(
        "団体のサービスがデータベースに入るパスワードを新しくする計画を作る。承認のあと、ワーカーが行い、"
        "前のパスワードで入れないことまで確かめる。運用データベース自身のログインは "
        "moyai operation prepare --new-passwords で新しくする。",
        "Plan new passwords with which bodies' services open their databases. Approved, workers carry it "
        "out, and prove that the old ones open nothing. The operations database's own logins are renewed "
        "by moyai operation prepare --new-passwords.",
    ),
)
def command(
    what: Annotated[
        str,
        typer.Argument(help=say("新しくするもの: database-passwords", "What: database-passwords")),
    ],
    selector: Selector = None,
    any_time: AnyTime = False,
    dry_run: DryRun = False,
    key: PlanKey = None,
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Shown first; put on record with the planner's signature."""
    require_known(what)
    now, day = datetime.now(UTC), today()
    asked = Asked(KIND, what, who, key, dry_run)
    with open_office(file, site) as office:
        left: tuple[LeftOut, ...] = ()

        def plan(by: str, history: tuple[Measured, ...]) -> OperationPlan:
            nonlocal left
            session = open_session(office.workspace.registry.path, site)
            found = rotated_bodies(session, selector_of(selector), day)
            left = found.left
            return plan_rotation(
                session,
                found,
                by=by,
                now=now,
                in_windows=not any_time,
                history=history,
                failed=failed_before(office, KIND, what, now),
            )

        def show(planned: OperationPlan) -> None:
            if output is Output.TABLE or dry_run:
                show_intended(planned, left, forecast(planned, now), output)

        show_submitted(office, submit(office, asked, plan, show), output)
