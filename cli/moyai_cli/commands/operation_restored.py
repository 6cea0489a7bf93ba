"""moyai operation restored."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import Annotated

import typer

from moyai.operations.database.epochs import HeldBody
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.outside import Outside, look_outside
from moyai.operations.fleet.people import who_plans
from moyai.operations.fleet.restoring import (
    NOTHING_SHOWS_IT,
    Found,
    declare,
    find,
    last_declared,
    may_declare,
    would_hold,
)
from moyai.operations.runbooks.opening import open_runs
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai_cli.language import say
from moyai_cli.options import DryRun, File, Format, SiteName, Who
from moyai_cli.render import Output
from moyai_cli.views.operation_asked import show_done
from moyai_cli.views.restored import show_outside, show_restored

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
    outside: Annotated[
        bool,
        typer.Option(
            "--outside",
            help=say(
                "申告しない。最後に申告した写しのあとに行われたと見えるものを、もう一度示す",
                "Declare nothing; list again what is seen to have been done since the copy declared last",
            ),
        ),
    ] = False,
    dry_run: DryRun = False,
    who: Who = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """What ran or waited is held for a person; what was done since is looked at first, and told."""

    def looked(codes: Iterable[str], moment: datetime | None) -> Outside:
        return look_outside(lambda: open_session(file, site), codes, moment, inside=look)

    with open_office(file, site) as office:
        by = who_plans(office.workspace.registry, who, today())
        if outside:
            last, codes = last_declared(office)
            seen = looked({*codes, *(one.code for one in last.held)}, last.copied_at)
            show_outside(last, seen.traces, output)
            if seen.trouble is not None:
                raise seen.trouble
            return
        found = find(office)
        if if_older and not found.shows_it:
            show_done(None, NOTHING_SHOWS_IT, output)
            return
        if not dry_run:
            may_declare(office, found, by, today(), certain=certain)
        declared = would_hold(office)
        seen = looked(_concerned(found, declared.held), declared.copied_at)
        if not dry_run:
            declared = declare(office, found, by, today(), certain=certain)
    waiting = 0
    if not dry_run:
        with closing(open_runs(file, site).chaining) as chaining:
            waiting = chaining.again()
    show_restored(found, declared, seen, waiting, output, dry_run=dry_run)


def _concerned(found: Found, held: tuple[HeldBody, ...]) -> set[str]:
    """The codes of bodies that may have been changed since the copy."""
    chains = {one.removeprefix("body:") for one in found.chains if one.startswith("body:")}
    return chains | {one.code for one in held}
