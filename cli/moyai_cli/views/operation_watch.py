"""An operation followed to its end: a screen that renews itself on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text as Styled

from moyai.errors import Held, MoyaiError, OperationFailed, Refused
from moyai.operations.database.epochs import behind
from moyai.operations.database.lost import is_lost
from moyai.operations.database.reading import shown, workers
from moyai.operations.database.rows import BodyRow, OperationRow, OperationView
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import BODIES, OPERATIONS, owed, word
from moyai.planning.fleet.step_names import step_word
from moyai.texts import Lang, Text, counted, visible
from moyai_cli.called import copyable
from moyai_cli.interrupts import Interrupt
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Output, aside, console, show_line
from moyai_cli.views.behind import warn
from moyai_cli.views.operation_next import NO_WORKER, still_owed, waits_for
from moyai_cli.views.operation_records import body_record
from moyai_cli.views.operation_words import (
    BODY_STYLES,
    OPERATION_STYLES,
    WAVE_STYLES,
    counts_line,
    local,
    status_of,
    wave_word,
    why_of,
)
from moyai_cli.views.reach import Early

Sight = tuple[OperationView, int]
"""An operation as it stands, and how many workers are alive."""
Connect = Callable[[], psycopg.Connection[Any]]
"""Opens a connection on which each statement is a transaction of its own."""
_SECONDS = 1.0
_SHOWN = 12
"""Bodies on the screen: those in hand and those that need somebody first."""
_FIRST = ("running", "held", "failed", "moved", "skipped", "waiting", "cancelled", "done")


def follow_to_end(
    connect: Connect, operation: str, output: Output, *, until_held: bool | None = None
) -> None:
    """Follow it until it has ended. `until_held`: or until it is held with nothing in hand; None: unless a
    person looks on at a terminal, who sees what is wanted and may do it beside.

    Raises `OperationFailed` or `Refused` where it did not end well, `Held` where it has not ended.
    """
    is_screen = sys.stdout.isatty() and output is Output.TABLE
    looks = _looks(connect, operation, not is_screen if until_held is None else until_held)
    try:
        with aside(output):
            view, alive = _screen(looks) if is_screen else _lines(looks)
    except Interrupt:
        raise _left(operation) from None
    if output is not Output.TABLE:
        from moyai_cli.views.operations import show_operation  # only where it is asked for

        show_operation(view, (), alive, output)
    error = ending(view) if view.row.ended_at is not None else _stuck(view)
    if error is not None:
        raise error


def is_stuck(view: OperationView) -> bool:
    """Whether nothing of it goes on until a person decides: it is held, and no body is in hand."""
    return view.row.status == "held" and all(body.status != "running" for body in view.bodies)


def _looks(connect: Connect, operation: str, until_held: bool) -> Iterator[Sight]:
    """What stands, again and again until its end, or until nothing goes on. A server that is away is waited
    for."""
    known = is_told = False
    while True:
        try:
            with connect() as connection:
                while True:
                    view, alive = shown(connection, operation), workers(connection)
                    known, older = True, behind(connection)
                    if not is_told:
                        warn(older)
                    is_told = older is not None
                    yield view, alive
                    if view.row.ended_at is not None or (until_held and is_stuck(view)):
                        return
                    time.sleep(_SECONDS)
        except psycopg.Error as error:
            if not known or not is_lost(error):
                raise
            time.sleep(_SECONDS)


def _lines(looks: Iterator[Sight]) -> Sight:
    teller = _Teller()
    for look in looks:
        teller.tell(*look)
    return look


class _Teller:
    """Tells what has changed since the last look, a line for each."""

    def __init__(self) -> None:
        self._operation: tuple[str, str] | None = None
        self._waves: dict[int, tuple[str, str]] = {}
        self._bodies: dict[str, tuple[str, int, str | None, str]] = {}
        self._no_worker = False
        self._stuck = False
        self._early = Early()
        self._warned: list[str] = []

    def tell(self, view: OperationView, alive: int) -> None:
        """One look."""
        self._tell_head(view, alive)
        for wave in view.waves:
            reason = "" if wave.reason is None else of(wave.reason)
            now = (wave.status, reason)
            if self._waves.get(wave.number, ("waiting", "")) != now:
                self._waves[wave.number] = now
                name = say(
                    f"適用枠 {wave.number}（{wave.name}）", f"wave {wave.number} ({wave.name})"
                )
                show_line(f"{name}: {_with(wave_word(view, wave), reason)}")
        for body in view.bodies:
            self._tell_body(body)

    def _tell_head(self, view: OperationView, alive: int) -> None:
        reason = "" if view.row.reason is None else of(view.row.reason)
        now = (view.row.status, reason)
        if now != self._operation:
            self._operation = now
            show_line(f"{view.row.id}: {_with(status_of(view.row), reason)}")
        stuck = is_stuck(view)
        if stuck and not self._stuck:
            for one in (_STUCK, *waits_for(view, (), alive)):
                show_line(copyable(of(one)))
        self._stuck = stuck
        missing = not alive and view.row.ended_at is None
        if missing and not self._no_worker:
            show_line(copyable(of(NO_WORKER)))
        self._no_worker = missing
        warning = self._early.said(view)
        for line in warning if warning != self._warned else ():
            show_line(line)
        self._warned = warning

    def _tell_body(self, body: BodyRow) -> None:
        record = body_record(body)
        is_running = body.status == "running"
        waits = str(record["waits"] or "") if is_running else ""
        now = (body.status, body.attempts, body.step, waits)
        before = self._bodies.get(body.code, ("waiting", 0, None, ""))
        if now == before:
            return
        self._bodies[body.code] = now
        words = word(BODIES, body.status, LANG)
        if is_running and body.step is not None:
            words = f"{words} {of(step_word(body.step))}"
        error = why_of(body) if waits else str(record["error"] or "")
        show_line(f"{body.code} {body.name}: {_with(words, copyable(error))}")


def _with(words: str, reason: str) -> str:
    return f"{words}: {reason}" if reason else words


def _screen(looks: Iterator[Sight]) -> Sight:
    early = Early()
    with Live(console=console(), auto_refresh=False, transient=False) as live:
        for look in looks:
            live.update(_page(*look, early.said(look[0])), refresh=True)
    return look


def _page(view: OperationView, alive: int, warning: Sequence[str]) -> Group:
    row = view.row
    status = status_of(row)
    head = Styled(f"{row.id} {word(TITLES, row.kind, LANG)} {visible(row.subject)} ")
    head.append(status, style=OPERATION_STYLES.get(status, ""))
    if row.reason is not None:
        head.append(f"  {visible(of(row.reason))}")
    total = Styled(counts_line(row.counts))
    wanted = [*([_STUCK] if is_stuck(view) else ()), *waits_for(view, (), alive)]
    lines = [Styled(visible(copyable(of(one)))) for one in wanted]
    lines += [Styled(visible(line)) for line in warning]
    return Group(head, total, _waves(view), _bodies(view), *lines)


def _waves(view: OperationView) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for wave in view.waves:
        status = wave_word(view, wave)
        soak = "" if wave.status != "soaking" else f"→ {local(wave.soak_until)}"
        table.add_row(
            str(wave.number),
            visible(wave.name),
            Styled(status, style=WAVE_STYLES.get(status, "")),
            soak,
            "" if wave.reason is None else Styled(visible(of(wave.reason))),
        )
    return table


def _bodies(view: OperationView) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    ordered = sorted(view.bodies, key=lambda body: _FIRST.index(body.status))
    for body in ordered[:_SHOWN]:
        status = word(BODIES, body.status, LANG)
        why = why_of(body)
        table.add_row(
            body.code,
            visible(body.name),
            Styled(status, style=BODY_STYLES.get(status, "")),
            "" if body.step is None or body.status != "running" else of(step_word(body.step)),
            Styled(visible(copyable(why))),
        )
    left = len(ordered) - _SHOWN
    if left > 0:
        table.add_row("…", say(f"ほか {left} 団体", f"{left} more"))
    return table


def ending(view: OperationView) -> MoyaiError | None:
    """What is told where an operation did not end well."""
    row = view.row
    if row.status == "done":
        return _left_out(row)
    reason = Text("", "") if row.reason is None else row.reason
    what = Text(
        f"{row.id} は「{word(OPERATIONS, row.status, 'ja')}」で終わりました。{reason.ja}",
        f"{row.id} ended as {row.status}. {reason.en}".rstrip(),
    )
    remedy = Text(
        f"moyai operation report {row.id} で内容を確かめてください。",
        f"moyai operation report {row.id} tells what happened.",
    )
    touched = Text(_counts_of(row.counts, "ja"), _counts_of(row.counts, "en"))
    if row.status in ("cancelled", "expired"):
        return Refused(what, touched=touched, remedy=remedy)
    return OperationFailed(what, touched=touched, remedy=remedy)


_STUCK = Text(
    "保留中です。進行中の団体はなく、人が決めるまで先へ進みません。",
    "It is held: no body is in hand, and nothing goes on until a person decides.",
)


def _stuck(view: OperationView) -> MoyaiError:
    """What is told where it was followed until it was held."""
    row = view.row
    reason = Text("", "") if row.reason is None else row.reason
    wanted = [one for one in waits_for(view, (), 1) if row.id in one.en]
    return Held(
        Text(
            f"{row.id} は保留中で、人が決めるまで先へ進みません。{reason.ja}",
            f"{row.id} is held, and nothing goes on until a person decides. {reason.en}".rstrip(),
        ),
        touched=Text(_counts_of(row.counts, "ja"), _counts_of(row.counts, "en")),
        remedy=Text("\n".join(one.ja for one in wanted), "\n".join(one.en for one in wanted)),
    )


def _left_out(row: OperationRow) -> MoyaiError | None:
    """What is told where it is done, and bodies were left out."""
    left = owed(row.counts)
    if not left:
        return None
    return OperationFailed(
        Text(
            f"{row.id} は終わりましたが、{left} 団体は済んでいません。",
            f"{row.id} has ended, and {counted(left, 'body is', 'bodies are')} not done.",
        ),
        touched=Text(_counts_of(row.counts, "ja"), _counts_of(row.counts, "en")),
        remedy=still_owed(row),
    )


def _counts_of(counts: Mapping[str, int], lang: Lang) -> str:
    said = ", ".join(f"{word(BODIES, one, lang)} {number}" for one, number in counts.items())
    return f"{said}。" if lang == "ja" else f"{said}."


def _left(operation: str) -> OperationFailed:
    return OperationFailed(
        Text(f"{operation} を見守るのをやめました。", f"no longer watching {operation}."),
        touched=Text("作業そのものは続いています。", "The operation itself goes on."),
        remedy=Text(
            f"moyai operation watch {operation} でまた見守れます。"
            f"止めるには moyai operation pause {operation} です。",
            f"moyai operation watch {operation} watches again; "
            f"moyai operation pause {operation} pauses it.",
        ),
    )
