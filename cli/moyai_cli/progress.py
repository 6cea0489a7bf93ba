"""Events of an operation as a bar on a terminal, as plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from moyai.operations.events import Event, Moved, Phase, Planned
from moyai_cli.language import LANG, say

_PHASES = {
    Phase.STACK: say("構築", "building"),
    Phase.MIGRATE: say("移行", "migrating"),
    Phase.HEALTH: say("点検", "checking"),
    Phase.DONE: say("完了", "done"),
    Phase.FAILED: say("失敗", "failed"),
}


def follow(events: Iterable[Event], *, quiet: bool = False) -> None:
    """Read all events, showing them."""
    if quiet:
        for _ in events:
            pass
    elif sys.stdout.isatty():
        _bar(events)
    else:
        _lines(events)


def _lines(events: Iterable[Event]) -> None:
    for event in events:
        if isinstance(event, Moved):
            seconds = f" {event.seconds:.1f}s" if event.seconds is not None else ""
            typer.echo(f"{event.subject} {event.title}: {_PHASES[event.phase]}{seconds}")
            if event.error is not None:
                typer.secho("\n".join(event.error.lines(LANG)), err=True)


def _bar(events: Iterable[Event]) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=None)
        busy: dict[str, str] = {}
        done = 0
        for event in events:
            if isinstance(event, Planned):
                total = sum(stack.runs for stack in event.plan.stacks)
                progress.update(task, total=max(total, done))
            elif isinstance(event, Moved):
                busy[event.subject] = f"{event.title} {_PHASES[event.phase]}"
                if event.phase in (Phase.DONE, Phase.FAILED):
                    busy.pop(event.subject)
                    done += 1
                    progress.update(task, completed=done)
                if event.error is not None:
                    head = f"{event.subject} {event.title}: "
                    progress.console.print(head + "\n".join(event.error.lines(LANG)), style="red")
                progress.update(task, description=" · ".join(list(busy.values())[:3]))
