"""What the end of an engine that did not end well means to a person.

The engine tells its failures as text, in events and on its output. Known ones are recognised here
by their words (of the pinned engine); of all others the first lines are shown. Never shown is a
traceback of Go or Python: that is in the run's log.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from moyai.engine.stacks import Op, StackRun, Step
from moyai.engine.worker.events import Tally, Trouble
from moyai.engine.worker.known_failures import AGAIN, DISK_FULL, MAKE_ROOM, known_failure
from moyai.engine.worker.messages import Failure
from moyai.errors import NOTHING_TOUCHED
from moyai.texts import Text, same

_SHOWN_TROUBLES = 3
_SHOWN_NAMES = 5
_LONGEST = 300
"""Characters of one trouble that are shown."""


class EndedEngine(Protocol):
    """An engine after its end."""

    cancelled: bool
    disk_full: bool
    tail: str


def explain(
    status: int,
    engine: EndedEngine,
    tally: Tally,
    program: Failure | None,
    run: StackRun,
    log: Path,
) -> Failure:
    """The failure of a run whose engine ended with `status`, not 0 (negative: by that signal)."""
    touched = NOTHING_TOUCHED if run.action == "preview" else what_was_touched(tally)
    stopped = _stopped(status, engine)
    if stopped is not None:
        what, remedy = stopped
        return Failure(refused=False, what=what, touched=touched, remedy=remedy)
    if program is not None:
        remedy = program.remedy or _see(log)
        touched = program.touched or touched
        return Failure(program.refused, program.what, touched, remedy, program.of)
    known = known_failure("\n".join([*(one.message for one in tally.troubles), engine.tail]))
    if known is not None:
        what = known.what(run, tally)
        return Failure(known.refused, what, touched, known.remedy or _see(log), known.of)
    what = _first(tally.troubles, engine.tail)
    return Failure(refused=False, what=what, touched=touched, remedy=_see(log))


def _stopped(status: int, engine: EndedEngine) -> tuple[Text, Text] | None:
    """What ended an engine that did not end by itself, and the remedy."""
    if engine.disk_full:
        return DISK_FULL, MAKE_ROOM
    if engine.cancelled:
        return Text("中断しました。", "interrupted."), AGAIN
    if status < 0:
        how = signal.Signals(-status).name
        what = Text(
            f"Pulumi エンジンが途中で終了させられました（{how}）。",
            f"the Pulumi engine was ended from outside ({how}).",
        )
        return what, AGAIN
    return None


def what_was_touched(tally: Tally) -> Text:
    """What a run changed before it ended, and of what that is not known."""
    doubtful = [*tally.failed, *(step for step in tally.under_way if step.op != "refresh")]
    if not tally.steps and not doubtful:
        return NOTHING_TOUCHED
    done, open_ = _count(tally.steps), _names(doubtful)
    parts_ja = [f"変更済み: {done.ja}。"] if tally.steps else []
    parts_en = [f"Changed: {done.en}."] if tally.steps else []
    if doubtful:
        parts_ja.append(f"済んだか不明: {open_}（次の実行で現状を読んで確かめます）。")
        parts_en.append(f"Not known to be done: {open_} (the next run reads what is live).")
    parts_ja.append("ほかは変更していません。")
    parts_en.append("Nothing else was touched.")
    return Text("".join(parts_ja), " ".join(parts_en))


_WORDS: Mapping[Op, Text] = {
    "create": Text("作成", "created"),
    "update": Text("更新", "updated"),
    "replace": Text("置換", "replaced"),
    "delete": Text("削除", "deleted"),
    "read": Text("読み取り", "read"),
    "import": Text("取り込み", "imported"),
}


def _count(steps: Iterable[Step]) -> Text:
    counted = Counter(step.op for step in steps)
    return Text(
        "、".join(f"{_WORDS[op].ja} {n}" for op, n in counted.items() if op in _WORDS),
        ", ".join(f"{n} {_WORDS[op].en}" for op, n in counted.items() if op in _WORDS),
    )


def _names(steps: Iterable[Step]) -> str:
    names = list(dict.fromkeys(f"{step.type.rsplit(':', 1)[-1]} {step.name}" for step in steps))
    more = f", … (+{len(names) - _SHOWN_NAMES})" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more


def _see(log: Path) -> Text:
    return Text(
        f"原因を除いてから、もう一度実行してください。続きから行います。詳しくは {log} にあります。",
        f"With the cause removed, run again: it goes on from there. Details are in {log}.",
    )


def _first(troubles: Iterable[Trouble], tail: str) -> Text:
    lines = list(dict.fromkeys(_line(trouble) for trouble in troubles))
    lines = [line for line in lines if line not in _SUMMARIES] or lines
    if not lines:
        lines = [line.strip() for line in tail.splitlines() if line.strip()][-1:]
    if not lines:
        return Text("Pulumi エンジンが失敗しました。", "the Pulumi engine failed.")
    more = len(lines) - _SHOWN_TROUBLES
    shown = "\n".join(lines[:_SHOWN_TROUBLES])
    if more <= 0:
        return same(shown)
    return Text(f"{shown}\n（ほか {more} 件）", f"{shown}\n({more} more)")


_SUMMARIES = ("update failed", "preview failed", "refresh failed", "destroy failed")


_UNCAUGHT = "python inline source runtime error:"
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)', re.MULTILINE)


def _uncaught(message: str) -> str:
    """What a program raised after its last line, in an `apply`: the error, and where it was left."""
    said = message.strip().splitlines()[-1].strip()
    own = [place for place in _FRAME.findall(message) if "-packages" not in place[0]]
    where = f"{own[-1][0]}:{own[-1][1]}: " if own else ""
    return f"{where}{said}"


def _line(trouble: Trouble) -> str:
    message = trouble.message
    if message.startswith(_UNCAUGHT):
        return _uncaught(message)
    for noise in ("error: ", "Exception calling application: "):
        message = message.removeprefix(noise)
    message = message.partition("\nTraceback (most recent call last)")[0].strip()
    first = " ".join(message.split())[:_LONGEST]
    who = (trouble.type or "").rsplit(":", 1)[-1]
    return f"{who} {trouble.name}: {first}" if trouble.name else first
