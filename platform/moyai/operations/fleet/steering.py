"""What operators want of an operation on its way: pause, go on, cancel, try again. Each says what running
work does meanwhile, and is on record with its operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import sqlalchemy as sa

from moyai.approvals.steering import SignedWord
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.database.attempts import successors
from moyai.operations.database.reading import UnknownPlan, shown, standing
from moyai.operations.database.rows import BodyRow, OperationView, WaveRow
from moyai.operations.database.writing import release, want
from moyai.operations.database.writing import retry as write_retry
from moyai.operations.fleet.choosing import begun_again
from moyai.operations.fleet.people import require_bodies
from moyai.operations.fleet.steering_words import (
    held_waves,
    is_or_are,
    look_at,
    never,
    number_of,
    refused,
    runs_on,
    stays_held,
    wait_on,
)
from moyai.planning.fleet import said
from moyai.registry.models import Operator, Registry
from moyai.texts import Text

_NEVER = ("planned", "cancelled", "expired")


def pause(
    engine: sa.Engine, operation: str, by: Operator, signed: SignedWord | None = None
) -> Text:
    """Let no more bodies begin; those that run go on to their end. Raises `Refused` where it has ended."""
    with engine.begin() as connection:
        want(connection, operation, "pause", _actor(by), signed)
        bodies = standing(connection, operation)[1]
    running, wait = runs_on(_running(bodies)), wait_on(bodies)
    return Text(
        f"{operation} を一時停止します。新しい団体は始まりません。{running.ja}{wait.ja}",
        f"{operation} pauses: no more bodies begin. {running.en}{wait.en}",
    )


def cancel(
    engine: sa.Engine,
    registry: Registry,
    operation: str,
    by: Operator,
    day: date,
    *,
    stop: bool,
    signed: SignedWord | None = None,
) -> Text:
    """Let what waits never begin. `stop`: bodies that run end after the step in hand, and go back; else
    they go on to their end. Raises `Refused` where it has ended, or for bodies of another operator's."""
    with engine.begin() as connection:
        row, bodies = standing(connection, operation)  # also of a plan that cannot be read
        require_bodies(by, registry, [body.code for body in bodies], day)
        want(connection, operation, "stop" if stop else "cancel", _actor(by), signed)
        bodies = standing(connection, operation)[1]
        unread = _unread_plan(connection, operation)
    running, held = _running(bodies), sum(body.status == "held" for body in bodies)
    then, wait = runs_on(running), wait_on(bodies, operation, stop=stop)
    if stop and running:
        then = Text(
            f"実行中の {running} 団体は、今の手順が終わりしだい止め、変更したもののうち戻せるものを戻します。",
            f"{number_of(running)} in hand {is_or_are(running)} stopped after the step that runs now, and what "
            "can be taken back is.",
        )
    if unread is not None:
        then, wait = unread, Text("", "")
    left = stays_held(row, held)
    return Text(
        f"{operation} を取り消します。待っている団体は始まりません。{then.ja}{wait.ja}{left.ja}",
        f"{operation} is cancelled: what waits never begins. {then.en}{wait.en}{left.en}",
    )


def _unread_plan(connection: sa.Connection, operation: str) -> Text | None:
    """What becomes of bodies of a plan that cannot be read here; None: it can."""
    try:
        shown(connection, operation)
    except UnknownPlan:
        return Text(
            "この版では計画を読めないため、変更を始めた団体は、元に戻さずに保留にします"
            "（読める版のワーカーが行っている団体は、そのワーカーが終わらせます）。",
            "Its plan cannot be read by this version: bodies that were begun to be changed are held, not "
            "taken back; those that a worker of another version has in hand are its to end.",
        )
    return None


def resume(
    engine: sa.Engine,
    registry: Registry,
    operation: str,
    by: Operator,
    day: date,
    waves: Sequence[int] = (),
    signed: SignedWord | None = None,
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
            release(connection, operation, subjects, _actor(by), signed)
        want(connection, operation, "run", _actor(by), signed)
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
                remedy=look_at(row.id),
            )
        if known[number].status != "held":
            raise refused(
                Text(
                    f"適用枠 {number}（{known[number].name}）は保留になっていません。",
                    f"wave {number} ({known[number].name}) is not held.",
                ),
                look_at(row.id),
            )
    # A proposal that was paused may be wanted to run by a word that does not count.
    if row.status == "planned" and row.wanted == "run" and view.last_pause is None:
        raise refused(
            Text(f"{row.id} は承認を待っています。", f"{row.id} waits for approval."),
            Text(
                f"承認者が moyai operation approve {row.id} を実行してください。",
                f"An approver runs moyai operation approve {row.id}.",
            ),
        )
    if row.status == "running" and row.wanted == "run":
        raise refused(Text(f"{row.id} は実行中です。", f"{row.id} is running."), look_at(row.id))
    left = [wave for wave in _held(view) if wave.number not in waves]
    if row.status == "held" and left:
        raise held_waves(view, [wave.number for wave in left])
    if row.status == "held" and row.reason == said.APPROVAL_LAPSED:
        raise refused(
            Text(f"{row.id} の承認は切れました。", f"the approval of {row.id} has lapsed."),
            Text(
                f"承認者が moyai operation approve {row.id} でもう一度承認してください。",
                f"An approver runs moyai operation approve {row.id} once more.",
            ),
        )


def retry(
    engine: sa.Engine,
    registry: Registry,
    operation: str,
    by: Operator,
    day: date,
    selector: str | None = None,
    sign: Callable[[Sequence[str]], SignedWord | None] = lambda _: None,
) -> tuple[str, ...]:
    """Begin bodies again from their first step: of all that failed, are held, were skipped or had moved those
    that a selector means. Their codes. `sign`: what the person signs of them. Raises as `begun_again` and as
    `sign`."""
    with engine.connect() as connection:
        view = shown(connection, operation)
        if view.row.status in _NEVER:
            raise never(view)
        gone = successors(connection, operation, view.row.kind, [one.code for one in view.bodies])
        chosen = begun_again(view, registry, selector, day, gone)
        require_bodies(by, registry, chosen, day)
    # Signed between two looks at the database, as a person may have to touch a key.
    word = sign(chosen)
    with engine.begin() as connection:
        write_retry(connection, operation, chosen, _actor(by), word)
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


def _held(view: OperationView) -> list[WaveRow]:
    return [wave for wave in view.waves if wave.status == "held"]


def _running(bodies: Iterable[BodyRow]) -> int:
    return sum(body.status == "running" for body in bodies)


def _actor(by: Operator) -> str:
    return f"operator:{by.email}"
