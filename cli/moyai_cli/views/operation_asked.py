"""What was asked of one operation, and what follows."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from moyai.operations.database.rows import BesideRow, OperationView
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.reaching import EndsBefore
from moyai.planning.fleet.status_words import named
from moyai.planning.fleet.wanted import of_whole
from moyai.texts import Text
from moyai_cli.called import copyable, show_next
from moyai_cli.language import of, say
from moyai_cli.render import Output, document, show_line
from moyai_cli.views.operation_next import NO_WORKER, SUBJECTS
from moyai_cli.views.operations import show_operation
from moyai_cli.views.reach import reach_record, reach_said

_CODES = 5
"""Bodies that are named; more are counted."""


def show_planned(
    view: OperationView, workers: int, output: Output, beside: Sequence[BesideRow] = ()
) -> None:
    """A new operation. `beside`: others that are still about its bodies."""
    if output is not Output.TABLE:
        show_operation(view, (), workers, output)
        return
    bodies = len(view.bodies)
    typer.echo(
        say(
            f"{view.row.id} を登録しました（{bodies} 団体）。",
            f"{view.row.id} is on record ({bodies} {'body' if bodies == 1 else 'bodies'}).",
        )
    )
    for other in beside:
        show_line(of(_also_about(other)))
    if not workers:
        show_line(copyable(of(NO_WORKER)))
    asked = of_whole(view.plan)
    if asked:
        typer.echo(
            say(
                "計画した人とは別の承認者の承認が要ります。",
                "Another person than the planner has to approve it.",
            )
        )
    approvals = [f"operation approve {view.row.id} {subject}" for subject in asked]
    if len(asked) > SUBJECTS:
        approvals = [f"operation approve {view.row.id} --everything"]
    show_next(*approvals, f"operation watch {view.row.id}", f"operation report {view.row.id}")


def _also_about(other: BesideRow) -> Text:
    codes, more = ", ".join(other.codes[:_CODES]), len(other.codes) - _CODES
    title = named(TITLES, other.kind)
    return Text(
        f"{other.id}（{title.ja} {other.subject}）もまだ同じ団体を対象にしています: {codes}"
        + (f"、ほか {more} 団体" if more > 0 else "")
        + "。一つの団体を同時に変えるのは一つだけです。",
        f"{other.id} ({title.en} {other.subject}) is still about the same bodies: {codes}"
        + (f" and {more} more" if more > 0 else "")
        + ". One at a time changes a body.",
    )


def show_done(operation: str | None, said: Text, output: Output) -> None:
    """What was done with an operation."""
    if output is Output.TABLE:
        show_line(of(said))
    else:
        document({"operation": operation, "said": of(said)}, output)


def show_approved(
    view: OperationView, said: Text, early: EndsBefore | None, output: Output
) -> None:
    """An approval on record, and whether it reaches the work."""
    if output is not Output.TABLE:
        told = {"operation": view.row.id, "said": of(said)}
        document({**told, "approval_ends_before": reach_record(early)}, output)
        return
    show_line(of(said))
    for line in reach_said(early, view.plan, view.row.id):
        show_line(line)


def show_to_sign(operation: str, subject: str, line: str, output: Output) -> None:
    """The line that an approver signs elsewhere."""
    if output is not Output.TABLE:
        document({"operation": operation, "subject": subject, "line": line}, output)
        return
    typer.echo(line)
    hint = say(
        "次のように署名できます（KEY は承認者の秘密鍵）:",
        "It is signed so (KEY is the approver's private key):",
    )
    typer.echo(hint, err=True)
    for command in (
        f"moyai operation approve {operation} {subject} --line > approval.txt",
        "ssh-keygen -Y sign -n moyai-approval@1 -f KEY < approval.txt > approval.sig",
        f"moyai operation approve {operation} {subject} --signature approval.sig --signed approval.txt",
    ):
        typer.echo(f"  {command}", err=True)
