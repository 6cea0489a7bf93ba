"""A deploy while it runs, and what it came to."""

from __future__ import annotations

from contextlib import closing

import typer

from moyai.engine.stacks import Step
from moyai.errors import MoyaiError
from moyai.operations.deploys.deploy import Deploy
from moyai.operations.deploys.events import End, StackEnded
from moyai.operations.deploys.plan import ByHand, Wish
from moyai.operations.deploys.result import DeployResult
from moyai.operations.site.session import Session
from moyai.planning.plans import PlannedStack
from moyai.planning.topology import TENANT
from moyai.texts import Text, counted
from moyai_cli.called import copyable
from moyai_cli.interrupts import Interrupt
from moyai_cli.language import LANG, say
from moyai_cli.progress import follow
from moyai_cli.render import Column, Output, listing
from moyai_cli.views.plans import nobody

_HOLD_DATA = frozenset({"aws:s3/bucket:Bucket", "aws:rds/cluster:Cluster", "moyai:index:Database"})
"""Types whose resources hold a body's data, which go with them."""
_NAMED = 5
APPLIED = Text("環境は適用済みです。", "The environments were applied.")
"""What was touched, once a deploy ended well."""


def run_deploy(
    session: Session,
    wish: Wish,
    output: Output,
    jobs: int | None,
    wait: float = 0.0,
    *,
    by: ByHand,
) -> None:
    """Carry a deploy out and show it; raises the error that it ends with."""
    result = DeployResult()
    deploy = Deploy(session, wish, jobs=jobs, wait_seconds=wait, by=by)
    try:
        with closing(deploy.events()) as events:
            try:
                for event in follow(events, quiet=output is not Output.TABLE):
                    result = result.after(event)
            except (MoyaiError, Interrupt):
                if output is not Output.TABLE:
                    _list(result, output)
                raise
        if output is Output.TABLE:
            show_result(result, refreshed=wish.refresh)
        else:
            _list(result, output)
    except Interrupt:
        raise result.cut_off() from None
    error = result.error()
    if error is not None:
        raise error


def show_result(result: DeployResult, *, refreshed: bool) -> None:
    """What a deploy came to, for people; `refreshed`: whether it was asked to read what is live."""
    for one in result.ended:
        if one.note is not None:
            typer.echo(f"{one.label}: {one.note.of(LANG)}")
        for repaired in one.repaired:
            typer.echo(f"{one.label}: {copyable(repaired.of(LANG))}")
        for step in one.drift:
            typer.echo(f"{one.label}: {step.type} {step.name} {_drifted(step, one)}")
    if not result.ended:
        if result.error() is None:
            typer.echo(_idle(result))
            _show_otherwise(result)
        return
    done = [one for one in result.ended if one.ok and one.note is None]
    others = [one for one in result.ended if one.ok and one.note is not None]
    if done:
        typer.echo(
            say(
                f"{len(done)} 件を適用しました（全 {len(result.ended)} 件）。",
                f"{len(done)} of {counted(len(result.ended), 'stack', 'stacks')} applied.",
            )
        )
    if refreshed and done and not any(one.drift or one.repaired for one in result.ended):
        typer.echo(
            say(
                "現状は適用したとおりで、構成差異はありませんでした。",
                "What is live is as it was applied: nothing had drifted.",
            )
        )
    if others:
        typer.echo(
            say(
                f"{len(others)} 件は別のコマンドが適用しました。",
                f"{counted(len(others), 'was', 'were')} applied by another command.",
            )
        )


def _idle(result: DeployResult) -> str:
    if result.plan is not None and not result.plan.tenants:
        return nobody()
    if _otherwise(result):
        return say(
            "適用するものはありません。tenants.yaml と違うが、適用では変わらないもの:",
            "Nothing to deploy. Not as the file says, and not for a deploy to change:",
        )
    return say("変わるものはありません。", "Nothing to do: everything is as the file says.")


def _otherwise(result: DeployResult) -> dict[str, list[str]]:
    """What bodies are said to be otherwise than by the file, with what to do, as `moyai status` says it → which
    bodies."""
    found: dict[str, list[str]] = {}
    for stack in () if result.plan is None else result.plan.tenants:
        for note in stack.notes:
            found.setdefault(copyable(note.of(LANG)), []).append(stack.label)
    return found


def _show_otherwise(result: DeployResult) -> None:
    for note, labels in _otherwise(result).items():
        more = len(labels) - _NAMED
        names = say("、", ", ").join(labels[:_NAMED])
        others = say(f" ほか {more} 団体", f" and {more} more") if more > 0 else ""
        typer.echo(f"{note} — {names}{others}")


def _drifted(step: Step, one: StackEnded) -> str:
    """How a resource was found, and whether the run mended it."""
    details = f" [{', '.join(step.properties)}]" if step.properties else ""
    done = {other.op for other in one.steps if (other.type, other.name) == (step.type, step.name)}
    if step.op != "delete":
        mended = say("。元に戻した", "; put back") if done & {"update", "replace"} else ""
        return say("変わっていた", "had drifted") + details + mended
    gone = say("なくなっていた", "was gone")
    if "create" not in done:
        return gone + details
    if step.type in _HOLD_DATA:
        return gone + say("。空で作り直した", "; made anew, empty") + details
    return gone + say("。作り直した", "; made anew") + details


def _list(result: DeployResult, output: Output) -> None:
    """Every stack that ran, was refused or had no turn."""
    records = [_record(one) for one in result.ended]
    records += [
        _untouched(stack, "refused", "\n".join(reason.of(LANG) for reason in stack.reasons))
        for stack in result.refused
        if stack.project == TENANT
    ]
    why = say("共通基盤が失敗したため、始めていません。", "Not begun, as the foundation failed.")
    records += [
        _untouched(stack, End.NOT_BEGUN.value, why)
        for stack in result.left
        if stack.project == TENANT
    ]
    columns = [Column(key, key) for key in ("code", "name", "ok", "error")]
    listing(records, columns, output)


def _untouched(stack: PlannedStack, end: str, why: str) -> dict[str, object]:
    return {
        "code": stack.name,
        "name": stack.title,
        "ok": False,
        "end": end,
        "steps": [],
        "drift": [],
        "repaired": [],
        "error": why,
    }


def _record(one: StackEnded) -> dict[str, object]:
    steps = [{"op": s.op, "type": s.type, "name": s.name} for s in one.steps]
    drift = [{"op": s.op, "type": s.type, "name": s.name} for s in one.drift]
    return {
        "code": one.subject,
        "name": one.title,
        "ok": one.ok,
        "end": one.end.value,
        "steps": steps,
        "drift": drift,
        "repaired": [text.of(LANG) for text in one.repaired],
        "error": None if one.error is None else "\n".join(one.error.lines(LANG)),
    }
