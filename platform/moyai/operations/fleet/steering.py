"""What operators want of an operation on its way: pause, go on, cancel, try again. Each says what running
work does meanwhile, and is on record with its operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.database.attempts import successors
from moyai.operations.database.reading import shown, standing
from moyai.operations.database.rows import BodyRow, OperationRow, OperationView, WaveRow
from moyai.operations.database.writing import release, want
from moyai.operations.database.writing import retry as write_retry
from moyai.operations.fleet.people import require_bodies
from moyai.planning.fleet import said
from moyai.planning.fleet.status_words import BODIES, OPERATIONS, named
from moyai.registry.models import Operator, Registry
from moyai.texts import Text, counted

AGAIN = ("failed", "held", "skipped", "moved")
"""Statuses of bodies that `retry` begins again."""
_NEVER = ("planned", "cancelled", "expired")


def pause(engine: sa.Engine, operation: str, by: Operator) -> Text:
    """Let no more bodies begin; those that run go on to their end. Raises `Refused` where it has ended."""
    with engine.begin() as connection:
        want(connection, operation, "pause", _actor(by))
        running = _running(standing(connection, operation)[1])
    return Text(
        f"{operation} を一時停止します。新しい団体は始まりません。{_runs_on(running).ja}",
        f"{operation} pauses: no more bodies begin. {_runs_on(running).en}",
    )


def cancel(
    engine: sa.Engine, registry: Registry, operation: str, by: Operator, day: date, *, stop: bool
) -> Text:
    """Let what waits never begin. `stop`: bodies that run end after the step in hand, and are taken back; else
    they go on to their end. Raises `Refused` where it has ended, or for bodies of another operator's."""
    with engine.begin() as connection:
        row, bodies = standing(connection, operation)  # also of a plan that cannot be read
        require_bodies(by, registry, [body.code for body in bodies], day)
        want(connection, operation, "stop" if stop else "cancel", _actor(by))
        running = _running(standing(connection, operation)[1])
        held = sum(body.status == "held" for body in bodies)
    then = _runs_on(running)
    if stop and running:
        then = Text(
            f"実行中の {running} 団体は、今の手順が終わりしだい元に戻します。",
            f"{_bodies(running)} in hand {_is(running)} taken back after the step that runs now.",
        )
    left = _stays_held(row, held)
    return Text(
        f"{operation} を取り消します。待っている団体は始まりません。{then.ja}{left.ja}",
        f"{operation} is cancelled: what waits never begins. {then.en}{left.en}",
    )


def _stays_held(row: OperationRow, held: int) -> Text:
    """What becomes of bodies that are held, in words that lead on."""
    if not held:
        return Text("", "")
    ja = f"保留の {held} 団体は保留のままです。"
    en = f" {_bodies(held)} that {_is(held)} held stay{'s' if held == 1 else ''} held."
    if row.kind == "upgrade":
        service = row.subject.partition(" ")[0]
        ja += (
            f"書込みが止まったままなら、moyai upgrade {service} <リリース> <団体> で、進めるか、前の"
            "リリースに戻す計画を作ってください。"
        )
        en += (
            f" Where writes are closed, plan moyai upgrade {service} RELEASE BODY: it takes over from "
            "here, to a newer release or back to the one before."
        )
    return Text(ja, en)


def resume(
    engine: sa.Engine,
    registry: Registry,
    operation: str,
    by: Operator,
    day: date,
    waves: Sequence[int] = (),
) -> Text:
    """Go on after a pause or a hold. A held wave goes on only where it is named, as its failures count no
    longer then. Raises `Refused` where there is nothing to go on with, `UsageError` for an unknown wave."""
    with engine.begin() as connection:
        view = shown(connection, operation)
        require_bodies(by, registry, [body.code for body in view.plan.bodies], day)
        _may_resume(view, waves)
        subjects = tuple(f"wave:{number}" for number in waves)
        if view.row.status == "held" and not _held(view):
            subjects = (*subjects, "operation")
        if subjects:
            release(connection, operation, subjects, _actor(by))
        want(connection, operation, "run", _actor(by))
    let_go = "、".join(str(number) for number in waves)
    return Text(
        f"{operation} を再開します。" + (f"適用枠 {let_go} の保留を解きました。" if waves else ""),
        f"{operation} goes on."
        + (f" Released: wave {', '.join(map(str, waves))}." if waves else ""),
    )


def _may_resume(view: OperationView, waves: Sequence[int]) -> None:
    row = view.row
    known = {wave.number: wave for wave in view.waves}
    for number in waves:
        if number not in known:
            raise UsageError(
                Text(
                    f"{row.id} に適用枠 {number} はありません。",
                    f"{row.id} has no wave {number}.",
                ),
                touched=NOTHING_TOUCHED,
                remedy=_look(row.id),
            )
        if known[number].status != "held":
            raise _refused(
                Text(
                    f"適用枠 {number}（{known[number].name}）は保留になっていません。",
                    f"wave {number} ({known[number].name}) is not held.",
                ),
                _look(row.id),
            )
    if row.status == "planned" and row.wanted == "run":
        raise _refused(
            Text(f"{row.id} は承認を待っています。", f"{row.id} waits for approval."),
            Text(
                f"承認者が moyai operation approve {row.id} を実行してください。",
                f"An approver runs moyai operation approve {row.id}.",
            ),
        )
    if row.status == "running" and row.wanted == "run":
        raise _refused(Text(f"{row.id} は実行中です。", f"{row.id} is running."), _look(row.id))
    left = [wave for wave in _held(view) if wave.number not in waves]
    if row.status == "held" and left:
        raise _held_waves(view, [wave.number for wave in left])
    if row.status == "held" and row.reason == said.APPROVAL_LAPSED:
        raise _refused(
            Text(f"{row.id} の承認は切れました。", f"the approval of {row.id} has lapsed."),
            Text(
                f"承認者が moyai operation approve {row.id} でもう一度承認してください。",
                f"An approver runs moyai operation approve {row.id} once more.",
            ),
        )


def _held_waves(view: OperationView, numbers: Sequence[int]) -> Refused:
    options = " ".join(f"--wave {number}" for number in numbers)
    operation = view.row.id
    listed = "、".join(map(str, numbers))
    return _refused(
        Text(
            f"適用枠 {listed} が保留です。そこでの失敗を見ないまま先へは進めません。",
            f"wave {', '.join(map(str, numbers))} is held: its failures have to be looked at first.",
        ),
        Text(
            f"moyai operation report {operation} で失敗を確かめ、直してから moyai operation retry "
            f"{operation} を、失敗のまま進めるなら moyai operation resume {operation} {options} を"
            "実行してください。",
            f"Look at moyai operation report {operation}; mend it and run moyai operation retry "
            f"{operation}, or go on in spite of it with moyai operation resume {operation} {options}.",
        ),
    )


def retry(
    engine: sa.Engine,
    registry: Registry,
    operation: str,
    by: Operator,
    day: date,
    codes: Sequence[str] = (),
) -> tuple[str, ...]:
    """Begin bodies again from their first step: those named, or all that failed, are held, were skipped or had
    moved. Their codes. Raises `UsageError` for bodies that are not of it, `Refused` for others that may not."""
    with engine.begin() as connection:
        view = shown(connection, operation)
        if view.row.status in _NEVER:
            raise _never(view)
        gone = successors(connection, operation, view.row.kind, [one.code for one in view.bodies])
        chosen = _chosen(view, codes, gone)
        require_bodies(by, registry, chosen, day)
        write_retry(connection, operation, chosen, _actor(by))
    return chosen


def begins_again(engine: sa.Engine, operation: str, codes: Sequence[str]) -> Text:
    """What is said after `retry`: a pause that somebody wants of the whole operation stays."""
    with engine.connect() as connection:
        is_paused = shown(connection, operation).row.wanted == "pause"
    stays = Text("", "")
    if is_paused:
        stays = Text(
            f"一時停止中なので、moyai operation resume {operation} までは始まりません。",
            f" It is paused: they begin after moyai operation resume {operation}.",
        )
    return Text(
        f"{operation} の {len(codes)} 団体をやり直します: {'、'.join(codes)}。{stays.ja}",
        f"{operation}: to be begun again: {', '.join(codes)}.{stays.en}",
    )


def _chosen(view: OperationView, codes: Sequence[str], gone: Mapping[str, str]) -> tuple[str, ...]:
    """`gone`: bodies that another operation has taken over, by which."""
    entries = {body.code: body for body in view.bodies}
    foreign = [code for code in codes if code not in entries]
    if foreign:
        raise UsageError(
            Text(
                f"{view.row.id} にない団体です: {'、'.join(foreign)}。",
                f"{view.row.id} has no {', '.join(foreign)}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=_look(view.row.id),
        )
    wrong = [entries[code] for code in codes if entries[code].status not in AGAIN]
    if wrong:
        raise _not_again(wrong)
    for code in codes:
        if code in gone:
            raise _taken_over(code, gone[code])
    chosen = tuple(dict.fromkeys(codes)) or tuple(
        body.code for body in view.bodies if body.status in AGAIN and body.code not in gone
    )
    if not chosen:
        raise _refused(
            Text(
                f"{view.row.id} に、やり直す団体はありません。",
                f"{view.row.id} has no body to begin again.",
            ),
            _look(view.row.id),
        )
    return chosen


def _taken_over(code: str, by: str) -> Refused:
    return _refused(
        Text(f"{code} は {by} が引き継ぎました。", f"{by} has taken {code} over."),
        Text(
            f"moyai operation show {by} で確かめ、そちらをやり直してください。",
            f"Look at moyai operation show {by}, and begin it again there.",
        ),
    )


def _not_again(bodies: Sequence[BodyRow]) -> Refused:
    told = [(f"{body.code} {body.name}", named(BODIES, body.status)) for body in bodies]
    listed_ja = "、".join(f"{body}（{status.ja}）" for body, status in told)
    listed_en = ", ".join(f"{body} ({status.en})" for body, status in told)
    return _refused(
        Text(
            f"やり直せる状態ではありません: {listed_ja}。", f"not to be begun again: {listed_en}."
        ),
        Text(
            "やり直せるのは、失敗・保留・見送り・計画と違う団体です。",
            "What failed, is held, was skipped or had moved can be.",
        ),
    )


def _never(view: OperationView) -> Refused:
    row = view.row
    status = named(OPERATIONS, row.status)
    return _refused(
        Text(f"{row.id} は「{status.ja}」のため、やり直せません。", f"{row.id} is {status.en}."),
        Text(
            "取り消したものと期限の過ぎたものは、新しく計画してください（途中で止まった団体は、その計画が引き継ぎます）。",
            "What was cancelled or expired is planned anew, and the new plan takes over bodies that are "
            "half-way; what is planned waits for approval.",
        ),
    )


def _held(view: OperationView) -> list[WaveRow]:
    return [wave for wave in view.waves if wave.status == "held"]


def _running(bodies: Iterable[BodyRow]) -> int:
    return sum(body.status == "running" for body in bodies)


def _runs_on(running: int) -> Text:
    if not running:
        return Text("実行中の団体はありません。", "None is in hand.")
    return Text(
        f"実行中の {running} 団体は最後まで行います（まだ何も変えていない団体は待ちに戻ります）。",
        f"{_bodies(running)} in hand {'goes' if running == 1 else 'go'} on to the end; one of which "
        "nothing was changed yet waits again.",
    )


def _bodies(number: int) -> str:
    return counted(number, "body", "bodies")


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _actor(by: Operator) -> str:
    return f"operator:{by.email}"


def _refused(what: Text, remedy: Text) -> Refused:
    return Refused(what, touched=NOTHING_TOUCHED, remedy=remedy)


def _look(operation: str) -> Text:
    return Text(
        f"moyai operation show {operation} で状態を確かめてください。",
        f"Look at moyai operation show {operation}.",
    )
