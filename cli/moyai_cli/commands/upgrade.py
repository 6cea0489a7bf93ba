"""moyai upgrade."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from moyai.approvals.signing import find_signer
from moyai.operations.database.durations import measured
from moyai.operations.database.reading import shown, verified_restores, workers
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.putting import put_on_record
from moyai.operations.fleet.upgrading import (
    KIND,
    UpgradeWish,
    plan_upgrade,
    upgrade_bodies,
)
from moyai.operations.session import open_session
from moyai.planning.fleet.forecast import forecast
from moyai_cli.language import say
from moyai_cli.options import AsOf, File, Format, Selector, SiteName, Who, day_of, selector_of
from moyai_cli.render import Output
from moyai_cli.views.operations import show_planned
from moyai_cli.views.upgrades import show_intended

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
    any_time: Annotated[
        bool,
        typer.Option(
            "--any-time",
            help=say(
                "保守時間帯を待たずに行う計画にする（凍結日は守る）",
                "Plan it for any time, outside maintenance windows too; frozen days are kept",
            ),
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help=say("計画を示すだけ", "Only show the plan")),
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            help=say(
                "計画に署名する秘密鍵のファイル（省けば ssh-agent、~/.ssh）",
                "The private key to sign the plan with; ssh-agent and ~/.ssh if left out",
            ),
        ),
    ] = None,
    who: Who = None,
    as_of: AsOf = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Shown first; put on record with the planner's signature."""
    now = datetime.now(UTC)
    wish = UpgradeWish(service, release, selector_of(selector), day_of(as_of))
    with open_office(file, site) as office:
        session = open_session(office.workspace.registry.path, site)
        registry = office.workspace.registry
        by = who_plans(registry, who, wish.day)
        with office.engine.connect() as connection:
            history = measured(connection, KIND, f"{service} {release}")
            verified = verified_restores(connection, service)
        found = upgrade_bodies(session, wish, verified, now)
        plan = plan_upgrade(
            office.workspace,
            found,
            wish,
            by=by.email,
            now=now,
            soak_seconds=soak,
            in_windows=not any_time,
            history=history,
        )
        require_bodies(by, registry, [body.code for body in plan.bodies], wish.day)
        if output is Output.TABLE or dry_run:
            show_intended(plan, found.left, forecast(plan, now), output)
        if dry_run:
            return
        signer = find_signer(by.ssh_key, key, os.environ)
        operation = put_on_record(office.engine, plan, signer)
        with office.engine.connect() as connection:
            view, alive = shown(connection, operation), workers(connection)
    show_planned(view, alive, output)
