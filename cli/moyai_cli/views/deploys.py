"""A deploy while it runs, and what it came to."""

from __future__ import annotations

import typer

from moyai.errors import MoyaiError
from moyai.operations.deploy import Report, deploy
from moyai.operations.events import Ended
from moyai.operations.plan import Wish
from moyai.operations.session import Session
from moyai.planning.plans import PlannedStack
from moyai_cli.language import LANG, say
from moyai_cli.progress import follow
from moyai_cli.render import Column, Output, listing


def run_deploy(
    session: Session, wish: Wish, output: Output, jobs: int | None, wait: float = 0.0
) -> Report:
    """Carry a deploy out and show it; raises the error that it ends with."""
    report = Report()
    events = deploy(session, wish, report, jobs=jobs, wait_seconds=wait)
    try:
        follow(events, quiet=output is not Output.TABLE)
    except MoyaiError:
        if output is not Output.TABLE:
            _list(report, output)
        raise
    if output is Output.TABLE:
        _show(report)
    else:
        _list(report, output)
    failure = report.outcome()
    if failure is not None:
        raise failure
    return report


def _show(report: Report) -> None:
    for one in report.ended:
        for repaired in one.repaired:
            typer.echo(f"{one.subject} {one.title}: {repaired.of(LANG)}")
        for step in one.drift:
            gone = step.op == "delete"
            what = say("なくなっていた", "was gone") if gone else say("変わっていた", "had drifted")
            details = f" [{', '.join(step.properties)}]" if step.properties else ""
            typer.echo(f"{one.subject} {one.title}: {step.type} {step.name} {what}{details}")
    if not report.ended:
        if report.outcome() is None:
            typer.echo(
                say("変わるものはありません。", "Nothing to do: everything is as the file says.")
            )
        return
    done = [one for one in report.ended if one.ok]
    typer.echo(
        say(
            f"{len(done)} 件を適用しました（全 {len(report.ended)} 件）。",
            f"{len(done)} of {len(report.ended)} stacks applied.",
        )
    )


def _list(report: Report, output: Output) -> None:
    """Every stack that ran or was refused."""
    refused = () if report.plan is None else report.plan.tenants
    records = [_record(one) for one in report.ended]
    records += [_refused(stack) for stack in refused if stack.action == "refused"]
    columns = [Column(key, key) for key in ("code", "name", "ok", "error")]
    listing(records, columns, output)


def _refused(stack: PlannedStack) -> dict[str, object]:
    return {
        "code": stack.name,
        "name": stack.title,
        "ok": False,
        "steps": [],
        "drift": [],
        "repaired": [],
        "error": "\n".join(reason.of(LANG) for reason in stack.reasons),
    }


def _record(one: Ended) -> dict[str, object]:
    steps = [{"op": s.op, "type": s.type, "name": s.name} for s in one.steps]
    drift = [{"op": s.op, "type": s.type, "name": s.name} for s in one.drift]
    return {
        "code": one.subject,
        "name": one.title,
        "ok": one.ok,
        "steps": steps,
        "drift": drift,
        "repaired": [text.of(LANG) for text in one.repaired],
        "error": None if one.error is None else "\n".join(one.error.lines(LANG)),
    }
