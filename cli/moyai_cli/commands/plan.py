"""moyai plan."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.errors import ExitCode, Refused
from moyai.operations.deploys.change_groups import Group, group
from moyai.operations.deploys.in_hand import Hands
from moyai.operations.deploys.plan import Wish
from moyai.operations.deploys.preflight import marked, preflight, refuse_exceeded
from moyai.operations.deploys.preview import Previewed, by_code, previews
from moyai.operations.site.session import Session, imports_of, open_session
from moyai.planning.plans import Plan
from moyai.texts import counted
from moyai_cli.called import copyable
from moyai_cli.interrupts import Interrupt
from moyai_cli.language import LANG, say
from moyai_cli.options import (
    AllowOlder,
    AsOf,
    File,
    Format,
    Jobs,
    Selector,
    SiteName,
    day_of,
    selector_of,
)
from moyai_cli.render import Output
from moyai_cli.views.plans import show_plan

app = typer.Typer(add_completion=False)

_SHOWN_FAILURES = 3


@app.command(
    help=say(
        "適用したら何がなぜ変わるかを示す（何も変えない）。",
        "Show what would change and why; changes nothing.",
    )
)
def plan(
    selector: Selector = None,
    file: File = None,
    site: SiteName = "sandbox",
    as_of: AsOf = None,
    output: Format = Output.TABLE,
    preview: Annotated[
        bool,
        typer.Option(
            help=say(
                "変わるものの差分をエンジンに尋ねる", "Ask the engine what exactly would change"
            )
        ),
    ] = True,
    allow_older: AllowOlder = False,
    jobs: Jobs = None,
) -> None:
    """Compare fingerprints; preview only what differs."""
    session = open_session(file, site)
    wish = Wish(selector_of(selector), day_of(as_of), allow_older=allow_older)
    hands = Hands(session)
    made = _planned(session, wish, hands)
    previewed = preview and output is Output.TABLE and not made.exceeded and _asks_engine(made)
    if previewed and (started := session.make_ready()) is not None:
        typer.echo(started.of(LANG))
        made = _planned(session, wish, hands)
    if hands.unasked is not None:
        typer.secho(copyable(hands.unasked.of(LANG)), err=True)
    show_plan(made, output)
    refuse_exceeded(made)
    if previewed:
        _show_previews(session, made, jobs)
    if any(stack.action == "refused" for stack in made.stacks):
        raise typer.Exit(int(ExitCode.REFUSED))


def _planned(session: Session, wish: Wish, hands: Hands) -> Plan:
    """The plan as deploy would go by it: bodies that operations have in hand are refused."""
    return hands.without(marked(preflight(session, wish)))[0]


def _asks_engine(made: Plan) -> bool:
    return any(stack.runs and stack.needs_engine for stack in made.stacks)


def _show_previews(session: Session, made: Plan, jobs: int | None) -> None:
    found: dict[str, Previewed] = {}
    with session.driver(jobs, imports=imports_of(made)) as driver:
        for one in previews(session.workspace, driver, made):
            found[one.stack.name] = one
    for some in group(by_code(found)):
        typer.echo(describe(some))
    missing = sum(stack.runs for stack in made.tenants) - sum(
        stack.name in found for stack in made.tenants
    )
    if missing:
        typer.echo(
            say(
                f"{missing} 団体の差分は、共通基盤ができてから示せます。",
                f"The changes of {counted(missing, 'body', 'bodies')} can be shown once the foundation is "
                "there.",
            )
        )
    _raise_failed([one for one in found.values() if one.error is not None])
    if driver.cancelled:
        raise Interrupt


def _raise_failed(failed: list[Previewed]) -> None:
    """End with what deploy would run into: the first few in full, then how many more."""
    for one in failed[:_SHOWN_FAILURES]:
        assert one.error is not None
        head = f"{one.stack.label}: "
        typer.secho(head + copyable("\n  ".join(one.error.lines(LANG))), err=True, fg="red")
    more = len(failed) - _SHOWN_FAILURES
    if more > 0:
        typer.secho(
            say(f"ほか {more} 件も同様。", f"{counted(more, 'more fails', 'more fail')}, too."),
            err=True,
            fg="red",
        )
    if failed:
        refused = all(isinstance(one.error, Refused) for one in failed)
        raise typer.Exit(int(ExitCode.REFUSED if refused else ExitCode.FAILED))


def describe(some: Group) -> str:
    """`41 bodies: + aws:…`, with every change on a line of its own."""
    who = (
        some.codes[0]
        if some.is_alone
        else say(f"{len(some.codes)} 団体", f"{len(some.codes)} bodies")
    )
    if not some.changes:
        return say(f"{who}: 資源の変更なし", f"{who}: no resource changes")
    lines = [f"{who}:"]
    for change in some.changes:
        properties = f" [{', '.join(change.properties)}]" if change.properties else ""
        lines.append(f"  {change.sign} {change.type} {some.name(change)}{properties}")
    return "\n".join(lines)
