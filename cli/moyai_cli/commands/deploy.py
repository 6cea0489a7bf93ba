"""moyai deploy."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.deploys.plan import ByHand, Wish
from moyai.operations.site.session import open_session
from moyai.texts import Text
from moyai_cli.language import say
from moyai_cli.options import (
    AllowOlder,
    AnyTime,
    AsOf,
    DryRun,
    File,
    Format,
    Jobs,
    PlanKey,
    Selector,
    SiteName,
    Who,
    day_of,
    selector_of,
)
from moyai_cli.render import Output
from moyai_cli.views.deploys import run_deploy

app = typer.Typer(add_completion=False)


@app.command(
    "deploy",
    help=say(
        "団体の環境を tenants.yaml のとおりにする。変わらないものは動かさない。",
        "Make the bodies' environments what tenants.yaml says. What has not changed does not run.",
    ),
)
def command(
    selector: Selector = None,
    file: File = None,
    site: SiteName = "sandbox",
    as_of: AsOf = None,
    output: Format = Output.TABLE,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help=say("先に現状を読む", "Read what is live first")),
    ] = False,
    allow_older: AllowOlder = False,
    wait: Annotated[
        float,
        typer.Option(
            min=0,
            max=86_400,
            help=say(
                "同じ団体への別の実行を待つ秒数", "Seconds to wait for another run on the same body"
            ),
        ),
    ] = 0.0,
    jobs: Jobs = None,
    by_workers: Annotated[
        bool,
        typer.Option(
            "--by-workers",
            help=say(
                "計画を作り、承認のあとワーカー（moyai worker）が適用枠ごとに行う",
                "Plan it; approved, workers (moyai worker) carry it out, wave by wave",
            ),
        ),
    ] = False,
    any_time: AnyTime = False,
    dry_run: DryRun = False,
    key: PlanKey = None,
    who: Who = None,
) -> None:
    """Plan, refuse what must be refused, run, report."""
    if by_workers:
        own = {"--refresh": refresh, "--wait": wait, "--jobs": jobs, "--as-of": as_of}
        _only_without([option for option, given in own.items() if given], "--by-workers")
        # Operations bring their database along, which a deploy of one's own does without.
        from moyai_cli.views.fleet_deploys import FleetDeploy, plan_fleet_deploy

        fleet = FleetDeploy(selector_of(selector), allow_older, any_time, dry_run, key, who)
        plan_fleet_deploy(file, site, fleet, output)
        return
    if any_time or dry_run or key:
        raise _needs_workers()
    session = open_session(file, site)
    wish = Wish(selector_of(selector), day_of(as_of), refresh, allow_older)
    run_deploy(session, wish, output, jobs, wait, by=ByHand("deploy", who))


def _only_without(options: list[str], other: str) -> None:
    if options:
        names = ", ".join(options)
        raise UsageError(
            Text(f"{names} は {other} と一緒には使えません。", f"{names} cannot go with {other}."),
            touched=NOTHING_TOUCHED,
        )


def _needs_workers() -> UsageError:
    return UsageError(
        Text(
            "--any-time、--dry-run、--key は --by-workers と一緒に使います。",
            "--any-time, --dry-run and --key go with --by-workers.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "何が変わるかは moyai plan で分かります。", "moyai plan shows what would change."
        ),
    )
