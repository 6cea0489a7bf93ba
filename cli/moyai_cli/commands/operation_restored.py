"""moyai operation restored."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from moyai.operations.database.epochs import HeldBody
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.outside import Trace, inside_since, stacks_since
from moyai.operations.fleet.people import who_plans
from moyai.operations.fleet.restoring import (
    NOTHING_SHOWS_IT,
    Found,
    declare,
    find,
    would_hold,
)
from moyai.operations.runbooks.opening import open_runs
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai_cli.language import say
from moyai_cli.options import DryRun, File, Format, SiteName, Who
from moyai_cli.render import Output
from moyai_cli.views.operation_asked import show_done
from moyai_cli.views.restored import show_restored

app = typer.Typer(add_completion=False)


@app.command("restored")
def restored(
    certain: Annotated[
        bool,
        typer.Option(
            "--certain",
            help=say(
                "古い写しであることを示すものがなくても申告する",
                "Declare it although nothing shows that the database is an older copy",
            ),
        ),
    ] = False,
    if_older: Annotated[
        bool,
        typer.Option(
            "--if-older",
            help=say(
                "古い写しであることを示すものがなければ、何もしないで終わる",
                "Where nothing shows that the database is an older copy, do nothing",
            ),
        ),
    ] = False,
    look: Annotated[
        bool,
        typer.Option(
            "--look/--no-look",
            help=say(
                "関係する団体のデータベースも、読むだけのジョブで確かめる",
                "Look into the databases of the bodies concerned too, by jobs that only read",
            ),
        ),
    ] = True,
    dry_run: DryRun = False,
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """What ran or waited is held for a person; what was done since is told as far as it can be seen."""
    with open_office(file, site) as office:
        by = who_plans(office.workspace.registry, who, today())
        found = find(office)
        if if_older and not found.shows_it:
            show_done(None, NOTHING_SHOWS_IT, output)
            return
        declared = (
            would_hold(office) if dry_run else declare(office, found, by, today(), certain=certain)
        )
    session = open_session(file, site)
    stacks = stacks_since(session, declared.copied_at)
    inside: tuple[Trace, ...] = ()
    if look:
        inside = inside_since(session, _concerned(found, declared.held, stacks), declared.copied_at)
    waiting = 0
    if not dry_run:
        with closing(open_runs(file, site).chaining) as chaining:
            waiting = chaining.again()
    show_restored(found, declared, (*stacks, *inside), waiting, output, dry_run=dry_run)


def _concerned(found: Found, held: tuple[HeldBody, ...], stacks: tuple[Trace, ...]) -> set[str]:
    """The codes of bodies that may have been changed since the copy."""
    chains = {one.removeprefix("body:") for one in found.chains if one.startswith("body:")}
    return chains | {one.code for one in held} | {one.code for one in stacks}
