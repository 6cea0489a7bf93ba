"""Events of an operation as a bar on a terminal, as plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from moyai.operations.deploys.events import (
    DeployEvent,
    End,
    Noticed,
    Phase,
    Planned,
    StackEnded,
    StackMoved,
)
from moyai_cli.called import copyable
from moyai_cli.language import LANG, say

_PHASES = {
    Phase.STACK: say("構築", "building"),
    Phase.MIGRATE: say("移行", "migrating"),
    Phase.HEALTH: say("点検", "checking"),
}
_ENDS = {
    End.DONE: say("完了", "done"),
    End.FAILED: say("失敗", "failed"),
    End.NOT_BEGUN: say("始めていない", "not begun"),
}


def follow(events: Iterable[DeployEvent], *, quiet: bool = False) -> Iterator[DeployEvent]:
    """The same events, each shown as it is handed on."""
    if quiet:
        return _notices(events)
    return _bar(events) if sys.stdout.isatty() else _lines(events)


def _notices(events: Iterable[DeployEvent]) -> Iterator[DeployEvent]:
    for event in events:
        if isinstance(event, Noticed):
            typer.secho(copyable(event.what.of(LANG)), err=True)
        yield event


def _lines(events: Iterable[DeployEvent]) -> Iterator[DeployEvent]:
    told: set[str] = set()
    for event in events:
        if isinstance(event, StackMoved):
            typer.echo(f"{event.label}: {_phase(event)}")
        elif isinstance(event, StackEnded):
            seconds = f" {event.seconds:.1f}s" if event.seconds is not None else ""
            typer.echo(f"{event.label}: {_ENDS[event.end]}{seconds}")
            if words := _words(event, told):
                typer.secho(words, err=True)
        elif isinstance(event, Noticed):
            typer.secho(copyable(event.what.of(LANG)), err=True)
        yield event


def _bar(events: Iterable[DeployEvent]) -> Iterator[DeployEvent]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=None)
        busy: dict[str, str] = {}
        ended: set[str] = set()
        told: set[str] = set()
        for event in events:
            if isinstance(event, Planned):
                left = [stack for stack in event.plan.stacks if stack.runs]
                total = len(ended) + sum(stack.name not in ended for stack in left)
                progress.update(task, total=total)
            elif isinstance(event, StackMoved):
                busy[event.subject] = f"{event.title} {_phase(event)}"
            elif isinstance(event, StackEnded):
                busy.pop(event.subject, None)
                ended.add(event.subject)
                progress.update(task, completed=len(ended))
                if words := _words(event, told):
                    head = f"{event.label}: "
                    progress.console.print(head + words, style="red")
            elif isinstance(event, Noticed):
                progress.console.print(copyable(event.what.of(LANG)), style="yellow")
            progress.update(task, description=" · ".join(list(busy.values())[:3]))
            yield event


def _phase(event: StackMoved) -> str:
    words = _PHASES[event.phase]
    return words if event.service is None else f"{words} {event.service}"


def _words(event: StackEnded, told: set[str]) -> str:
    """Why a stack is not done; what many were not begun for is told once."""
    if event.error is None:
        return ""
    words = copyable("\n".join(event.error.lines(LANG)))
    if event.end is End.NOT_BEGUN and words in told:
        return ""
    told.add(words)
    return words
