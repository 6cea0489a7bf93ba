"""What the end of an engine that did not end well means to a person.

The engine tells its failures as text, in events and on its output. Known ones are recognised here
by their words (of the pinned engine); of all others the first lines are shown. Never shown is a
traceback of Go or Python: that is in the run's log.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from moyai.engine.stacks import Op, StackRun, Step
from moyai.engine.worker.events import Tally, Trouble
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
    is_preview = run.action == "preview"
    touched = NOTHING_TOUCHED if is_preview else what_was_touched(tally)
    if engine.disk_full:
        return Failure(refused=False, what=_DISK_FULL, touched=touched, remedy=_MAKE_ROOM)
    if engine.cancelled:
        return Failure(
            refused=False,
            what=Text("中断しました。", "interrupted."),
            touched=touched,
            remedy=_AGAIN,
        )
    if status < 0:
        how = signal.Signals(-status).name
        return Failure(
            refused=False,
            what=Text(
                f"Pulumi エンジンが途中で終了させられました（{how}）。",
                f"the Pulumi engine was ended from outside ({how}).",
            ),
            touched=touched,
            remedy=_AGAIN,
        )
    if program is not None:
        remedy = program.remedy or _see(log)
        return Failure(program.refused, program.what, program.touched or touched, remedy)
    said = "\n".join([*(trouble.message for trouble in tally.troubles), engine.tail])
    for known in _KNOWN:
        if any(words in said for words in known.words):
            return Failure(
                known.refused, known.what(run, tally), touched, known.remedy or _see(log)
            )
    return Failure(
        refused=False, what=_first(tally.troubles, engine.tail), touched=touched, remedy=_see(log)
    )


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


_AGAIN = Text(
    "もう一度実行してください。現状を確かめて、続きから行います。",
    "Run again: it looks at what is there and goes on.",
)

_DISK_FULL = Text("ディスクに空きがありません。", "the disk is full.")
_MAKE_ROOM = Text(
    "空きを作ってから、もう一度実行してください。現状を確かめて、続きから行います。",
    "Make room, then run again: it looks at what is there and goes on.",
)

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


@dataclass(frozen=True, slots=True)
class _Known:
    words: tuple[str, ...]
    what: Callable[[StackRun, Tally], Text]
    remedy: Text | None = None
    refused: bool = False


def _fixed(ja: str, en: str) -> Callable[[StackRun, Tally], Text]:
    return lambda _run, _tally: Text(ja, en)


def _protected(run: StackRun, tally: Tally) -> Text:
    names = [t.name for t in tally.troubles if t.name and "protect" in t.message]
    which = ", ".join(dict.fromkeys(names)) or str(run.stack)
    return Text(
        f"保護された資源を削除・置換することになるため、行いません: {which}",
        f"this would delete or replace protected resources, which is refused: {which}",
    )


_KNOWN: tuple[_Known, ...] = (
    _Known(
        ("no space left on device", "No space left on device"),
        lambda _run, _tally: _DISK_FULL,
        _MAKE_ROOM,
    ),
    _Known(
        ("incorrect passphrase", "passphrase must be set", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        _fixed(
            "状態の暗号を解く合言葉が違うか、読めません。",
            "the passphrase that opens the state's secrets is wrong or cannot be read.",
        ),
        Text(
            "この状態を作ったときの合言葉ファイルを元の場所に戻してください。",
            "Put the passphrase file that the state was made with back in its place.",
        ),
    ),
    _Known(
        ("the stack is currently locked by",),
        _fixed(
            "別の Pulumi がこのスタックを使用中です。", "another Pulumi is working on this stack."
        ),
        Text(
            "終わるのを待ってから、もう一度実行してください。",
            "Wait until it ends, then run again.",
        ),
        refused=True,
    ),
    _Known(
        ("is protected", "currently marked for protection"),
        _protected,
        Text(
            "置換や削除につながる変更を tenants.yaml から取り除いてください。",
            "Take the change that asks for it out of tenants.yaml.",
        ),
        refused=True,
    ),
    _Known(
        ("snapshot integrity failure", "failed to load checkpoint"),
        _fixed("状態ファイルが壊れています。", "the checkpoint is damaged."),
        Text(
            "moyai deploy --refresh を実行すると、写しに戻し、現状を読み直して続けます。",
            "moyai deploy --refresh goes back to a copy of it, reads what is live and goes on.",
        ),
    ),
    _Known(
        ("code = Unavailable", "error reading from server: EOF"),
        _fixed(
            "プロバイダーのプラグインが途中で終了しました。",
            "a provider's plugin ended in the middle.",
        ),
        _AGAIN,
    ),
    _Known(
        (
            "Could not connect to the endpoint",
            "EndpointConnectionError",
            "Connection was closed before we received a valid response",
            "Connection refused",
            "Connection reset by peer",
            "connect: connection refused",
            "Connect timeout on endpoint",
            "Read timeout on endpoint",
        ),
        _fixed("拠点の AWS に接続できません。", "the site's AWS does not answer."),
        Text(
            "動いているか確かめてください（サンドボックスなら moyai sandbox status）。"
            "もう一度実行すると、現状を確かめて続きから行います。",
            "See whether it runs (for the sandbox: moyai sandbox status), then run again: it looks "
            "at what is there and goes on.",
        ),
    ),
)
