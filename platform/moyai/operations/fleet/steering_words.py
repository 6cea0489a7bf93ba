"""How what operators want of an operation is told to them, and refused. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.rows import BodyRow, OperationRow, OperationView
from moyai.planning.fleet.status_words import BODIES, OPERATIONS, named
from moyai.texts import Text, counted


def stays_held(row: OperationRow, held: int) -> Text:
    """What becomes of bodies that are held, in words that lead on."""
    if not held:
        return Text("", "")
    ja = f"保留の {held} 団体は保留のままです。"
    en = f" {number_of(held)} that {is_or_are(held)} held stay{'s' if held == 1 else ''} held."
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


def held_waves(view: OperationView, numbers: Sequence[int]) -> Refused:
    """For an operation that would go on past waves that are held."""
    options = " ".join(f"--wave {number}" for number in numbers)
    operation = view.row.id
    listed = "、".join(map(str, numbers))
    return refused(
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


def another_has(code: str, by: str) -> Refused:
    """For a body that another operation has taken over."""
    return refused(
        Text(f"{code} は {by} が引き継ぎました。", f"{by} has taken {code} over."),
        Text(
            f"moyai operation show {by} で確かめ、そちらをやり直してください。",
            f"Look at moyai operation show {by}, and begin it again there.",
        ),
    )


def not_again(bodies: Sequence[BodyRow]) -> Refused:
    """For bodies whose status lets nothing be begun again."""
    told = [(f"{body.code} {body.name}", named(BODIES, body.status)) for body in bodies]
    listed_ja = "、".join(f"{body}（{status.ja}）" for body, status in told)
    listed_en = ", ".join(f"{body} ({status.en})" for body, status in told)
    return refused(
        Text(
            f"やり直せる状態ではありません: {listed_ja}。", f"not to be begun again: {listed_en}."
        ),
        Text(
            "やり直せるのは、失敗・保留・見送り・計画と違う団体です。",
            "What failed, is held, was skipped or had moved can be.",
        ),
    )


def never(view: OperationView) -> Refused:
    """For an operation none of whose bodies begins again."""
    row = view.row
    status = named(OPERATIONS, row.status)
    return refused(
        Text(f"{row.id} は「{status.ja}」のため、やり直せません。", f"{row.id} is {status.en}."),
        Text(
            "取り消したものと期限の過ぎたものは、新しく計画してください（途中で止まった団体は、その計画が引き継ぎます）。",
            "What was cancelled or expired is planned anew, and the new plan takes over bodies that are "
            "half-way; what is planned waits for approval.",
        ),
    )


def runs_on(running: int) -> Text:
    """What becomes of bodies in hand."""
    if not running:
        return Text("実行中の団体はありません。", "None is in hand.")
    return Text(
        f"実行中の {running} 団体は最後まで行います（まだ何も変えていない団体は待ちに戻ります）。",
        f"{number_of(running)} in hand {'goes' if running == 1 else 'go'} on to the end; one of which "
        "nothing was changed yet waits again.",
    )


def wait_on(bodies: Iterable[BodyRow], operation: str | None = None, *, stop: bool = False) -> Text:
    """Of bodies in hand that cannot go on now. `operation`: the one that is cancelled."""
    waiting = sum(body.status == "running" and body.waits is not None for body in bodies)
    if not waiting:
        return Text("", "")
    head = Text(
        f"うち {waiting} 団体は、tenants.yaml または拠点の記録を読めるようになるのを待っています。",
        f" {number_of(waiting)} of them {'waits' if waiting == 1 else 'wait'} until tenants.yaml or the "
        "site's records can be read.",
    )
    if stop:
        return Text(
            head.ja
            + "変更を始めた団体は、まもなく読めるようにならなければ、元に戻さずに保留にします。",
            head.en
            + " One that was begun to be changed is held, not taken back, where that is not soon.",
        )
    then = Text(
        "変更を始めた団体は、読めるようになってから最後まで行います。",
        " One that was begun to be changed goes on to its end once they can be.",
    )
    if operation is not None:
        command = f"moyai operation cancel {operation} --stop"
        then = Text(
            f"{then.ja}待たずに止めるには {command} です。",
            f"{then.en} To stop without waiting: {command}.",
        )
    return Text(head.ja + then.ja, head.en + then.en)


def number_of(number: int) -> str:
    """How many bodies, in English: `1 body`, `2 bodies`."""
    return counted(number, "body", "bodies")


def is_or_are(number: int) -> str:
    """The verb that goes with so many."""
    return "is" if number == 1 else "are"


def refused(what: Text, remedy: Text) -> Refused:
    """A refusal, with nothing touched."""
    return Refused(what, touched=NOTHING_TOUCHED, remedy=remedy)


def look_at(operation: str) -> Text:
    """What to do where somebody has to see how it stands."""
    return Text(
        f"moyai operation show {operation} で状態を確かめてください。",
        f"Look at moyai operation show {operation}.",
    )
