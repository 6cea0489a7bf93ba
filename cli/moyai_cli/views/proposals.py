"""Edits of tenants.yaml as proposals: put on record, and written once approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from moyai.operations.database.reading import find
from moyai.operations.deploys.edited import said_of_edited
from moyai.operations.fleet.applying import Applied, apply
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.proposing import KIND, Proposal, plan_proposal, propose, subject_of
from moyai.operations.fleet.risks import failed_before
from moyai.operations.fleet.submitting import Asked, submit
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.selectors import only
from moyai.registry.change import EntryEdit
from moyai.texts import Text, in_japan
from moyai_cli.called import show_next
from moyai_cli.language import say
from moyai_cli.render import Output, document, problem_line
from moyai_cli.views.diffs import show_diff
from moyai_cli.views.intended import show_intended
from moyai_cli.views.submitted import show_submitted
from moyai_cli.views.tenants import show_in_hand


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is asked for."""

    code: str
    changes: tuple[EntryEdit, ...]
    any_time: bool
    dry_run: bool
    key: Path | None
    who: str | None


def put_proposal(file: Path, site: str, wish: Proposed, output: Output) -> None:
    """Plan, show, sign, put on record; workers begin nothing before it is in the file."""
    now, day = datetime.now(UTC), today()
    with open_office(file, site) as office:
        registry = office.workspace.registry
        subject = subject_of(only(registry, wish.code))
        asked = Asked(KIND, subject, wish.who, wish.key, wish.dry_run)
        found: list[Proposal] = []

        def plan(by: str, history: tuple[Measured, ...]) -> OperationPlan:
            session = open_session(registry.path, site)
            found.append(propose(session, wish.code, wish.changes, day))
            return plan_proposal(
                session,
                found[0],
                by=by,
                now=now,
                in_windows=not wish.any_time,
                history=history,
                failed=failed_before(office, KIND, subject, now),
            )

        def show(planned: OperationPlan) -> None:
            if output is Output.TABLE:
                _show(found[0])
            if output is Output.TABLE or wish.dry_run:
                show_intended(planned, (), forecast(planned, now), output)

        operation = submit(office, asked, plan, show)
        if operation is None:
            return
        show_submitted(office, operation, output)
    if output is Output.TABLE:
        show_next(f"tenant apply {operation}")


def apply_proposal(
    file: Path | None, site: str, words: str, who: str | None, *, begin: bool, output: Output
) -> None:
    """Write it, and say what comes next."""
    with open_office(file, site) as office:
        with office.engine.connect() as connection:
            operation = find(connection, words)
        done = apply(office, operation, who, today(), begin=begin)
        in_hand = said_of_edited(office.workspace, done.codes, by=operation)
    if output is not Output.TABLE:
        told = {"written": done.was_written, "begins": done.begins}
        document({"operation": operation, **told, "foundation": list(done.foundation)}, output)
        show_in_hand(in_hand)
        return
    _show_applied(done, in_hand)


def _show(found: Proposal) -> None:
    show_diff(found.changed.diff)
    for problem in found.changed.warnings:
        typer.secho(problem_line(problem), err=True, fg="yellow")
    if found.foundation:
        names = ", ".join(found.foundation)
        typer.echo(
            say(
                f"共通基盤（{names}）も変わります。適用のあと、moyai deploy で先に適用してください。",
                f"The foundation changes too: {names}. Deploy it first, by moyai deploy, once applied.",
            )
        )


def _show_applied(done: Applied, in_hand: Sequence[Text]) -> None:
    written = say("tenants.yaml に書きました。", "tenants.yaml is written.")
    known = say("tenants.yaml にはもう書かれています。", "tenants.yaml has it already.")
    typer.echo(written if done.was_written else known)
    show_in_hand(in_hand)
    commands = [f"operation watch {done.operation}"]
    if done.paused is not None:
        who, since = done.paused.email, in_japan(done.paused.at)
        typer.echo(
            say(
                f"{who} が一時停止しています（{since} から）。再開には担当者の署名が要ります。",
                f"It is paused by {who}, since {since}: it goes on by an operator's signature.",
            )
        )
    if not done.begins:
        typer.echo(
            say(
                "ワーカーはまだ始めません。ファイルを配り終えたら再開してください。",
                "Workers do not begin yet: resume it once every machine has the file.",
            )
        )
        commands.insert(0, f"operation resume {done.operation}")
    if done.foundation:
        typer.echo(say("共通基盤を先に適用してください。", "Deploy the foundation first."))
        commands.insert(0, "deploy")
    show_next(*commands)
