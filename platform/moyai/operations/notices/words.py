"""What persons are told of a happening, in both languages: what happened, what was touched, what to do
next, the command to look. Pure.

A body is told of itself alone. Names and errors are put on lines of their own, as one line each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moyai.operations.notices.scene import Happened, Scene
from moyai.operations.notices.sentences import (
    BODY_ENDS,
    ENDS,
    each_touched,
    subject_words,
    touched_by,
)
from moyai.planning.fleet.status_words import LOOKS, OWED
from moyai.registry.operation_settings import Event
from moyai.texts import Text, counted, in_japan, text_in, visible

_LISTED = 30
"""Bodies that are listed by name; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one thing."""

    title: Text
    """For the subject line."""
    what: tuple[Text, ...]
    touched: Text
    following: tuple[Text, ...]
    """What to do next."""
    commands: tuple[str, ...] = ()
    commands_are: Text = Text("確かめるコマンド", "Commands to look")


def subject_line(scene: Scene, told: Told) -> Text:
    """One line; it begins with the product's name, so that mail can be sorted by it."""
    name = scene.name
    return one_line(
        Text(
            f"[もやい] {told.title.ja} — {name.ja}（{scene.operation}）",
            f"[Moyai] {told.title.en} - {name.en} ({scene.operation})",
        )
    )


def letter(scene: Scene, told: Told, when: str) -> Text:
    """The whole, in lines."""
    head = Text(
        f"{scene.federation}\n{scene.name.ja}（作業番号 {scene.operation}、拠点 {scene.site}、{when}）",
        f"{scene.federation}\n{scene.name.en} (operation {scene.operation}, site {scene.site}, {when})",
    )
    parts = [
        head,
        _part(Text("■ 何があったか", "What happened"), told.what),
        _part(Text("■ 触れたもの", "What was touched"), (told.touched,)),
        _part(Text("■ 次にすること", "What to do next"), told.following),
    ]
    if told.commands:
        lines = tuple(Text(one, one) for one in told.commands)
        heading = Text(f"■ {told.commands_are.ja}", told.commands_are.en)
        parts.append(_part(heading, lines))
    return Text("\n\n".join(one.ja for one in parts), "\n\n".join(one.en for one in parts))


def _part(heading: Text, lines: Iterable[Text]) -> Text:
    plain = [one_line(line) for line in lines]
    return Text(
        "\n".join([heading.ja, *(f"  {one.ja}" for one in plain)]),
        "\n".join([heading.en, *(f"  {one.en}" for one in plain)]),
    )


def one_line(text: Text) -> Text:
    """Words that may come from elsewhere, without what ends a line or turns its direction."""
    return Text(visible(text.ja), visible(text.en))


def for_operators(group: Sequence[Happened], scene: Scene) -> Told:
    """What an operator is told of happenings of one event and operation. `group` is not empty."""
    first = group[0]
    if first.event is Event.APPROVAL_WANTED:
        return _approval(group, scene)
    if first.event is Event.WAVE_HELD:
        return _wave_held(first, scene)
    if first.event is Event.DONE:
        return _done(first, scene)
    if first.event is Event.WINDOW_MISSED:
        return _windows_missed(group, scene)
    if first.event is Event.STALLED:
        return _stalled(group, scene)
    return _bodies_ended(group, scene)


def _approval(group: Sequence[Happened], scene: Scene) -> Told:
    subjects = [one for happened in group for one in happened.subjects]
    reasons = [why for one in group if (why := one.text("reason")) is not None]
    plan = scene.plan
    planned = Text(
        f"計画: {plan.planned_by}、{in_japan(plan.planned_at)}、{len(plan.bodies)} 団体",
        f"planned by {plan.planned_by}, {in_japan(plan.planned_at)}, "
        f"{counted(len(plan.bodies), 'body', 'bodies')}",
    )
    wanted = _some([subject_words(one, plan) for one in subjects])
    still_holds = any("until" in one.facts for one in group)
    begun = any(not one.subjects or "plan" not in one.subjects for one in group) or reasons
    touched = (
        Text(
            "承認されるまで、待っている団体には着手しません。",
            "Nothing that waits for it is begun before.",
        )
        if begun
        else Text("まだ何も変更していません。", "Nothing was touched yet.")
    )
    title = Text("承認を待っています", "Approval wanted")
    if still_holds:
        title = Text("承認の期限が作業より先に来ます", "Approval runs out before the work")
        touched = Text(
            "期限までは、承認されたとおりに進みます。",
            "Until it runs out the work goes on as approved.",
        )
    return Told(
        title,
        (*reasons, planned, *wanted),
        touched,
        (
            Text(
                "計画を確かめ、計画した人とは別の承認者が承認してください。",
                "Look at the plan; another person than the planner has to approve it.",
            ),
            *_some([_how_to_approve(scene.operation, one) for one in subjects]),
        ),
        (f"moyai operation show {scene.operation}",),
    )


def _how_to_approve(operation: str, subject: str) -> Text:
    about = "" if subject == "plan" else f" {subject}"
    command = f"moyai operation approve {operation}{about}"
    return Text(f"承認: {command}", f"To approve: {command}")


def _wave_held(happened: Happened, scene: Scene) -> Told:
    number = happened.facts.get("wave")
    name = scene.wave_name(number)
    what = (
        Text("一斉作業が保留になりました", "The operation is held")
        if name is None
        else Text(f"適用枠「{name}」が保留になりました", f"Wave {name!r} is held")
    )
    reason = happened.text("reason")
    failed = [scene.of_body(code) for code in happened.codes]
    released = "" if name is None else f" --wave {number}"
    return Told(
        what,
        (what, *([reason] if reason else []), *_some(failed)),
        Text(
            "着手済みの団体は最後まで進みます。ほかの団体には着手しません。",
            "Bodies that were begun go on to their end; no other body is begun.",
        ),
        (
            Text(
                f"原因を直したら、失敗した団体をやり直す: moyai operation retry {scene.operation}",
                f"Mend the cause, then begin failed bodies again: "
                f"moyai operation retry {scene.operation}",
            ),
            Text(
                f"このまま先へ進める: moyai operation resume {scene.operation}{released}",
                f"To go on as it is: moyai operation resume {scene.operation}{released}",
            ),
            Text(
                f"やめる: moyai operation cancel {scene.operation}",
                f"To end it: moyai operation cancel {scene.operation}",
            ),
        ),
        (f"moyai operation report {scene.operation}",),
    )


def _done(happened: Happened, scene: Scene) -> Told:
    status = str(happened.facts.get("status"))
    if status == "done" and any(scene.status_of(one.code) in OWED for one in scene.plan.bodies):
        status = "unseen" if scene.plan.kind in LOOKS else "owed"
    title, following = ENDS.get(status, ENDS["failed"])
    reason = happened.text("reason")
    unwell = [
        scene.of_body(body.code)
        for body in scene.plan.bodies
        if scene.status_of(body.code) in BODY_ENDS and scene.status_of(body.code) != "done"
    ]
    return Told(
        title,
        (title, *([reason] if reason else []), *_some(unwell)),
        Text(
            "実行中の団体はありません。団体ごとの結果は報告にあります。",
            "Nothing of it runs any more. The report has what happened to each body.",
        ),
        (_of(scene.operation, following),),
        (f"moyai operation report {scene.operation}",),
    )


def _of(operation: str, text: Text) -> Text:
    return Text(
        text.ja.replace("{operation}", operation), text.en.replace("{operation}", operation)
    )


def _windows_missed(group: Sequence[Happened], scene: Scene) -> Told:
    lines = []
    for one in group:
        name, why = scene.name_of(one.code or ""), one.text("reason") or Text("", "")
        lines.append(Text(f"{name.ja}: {why.ja}", f"{name.en}: {why.en}"))
    return Told(
        Text(
            f"作業時間帯に着手できなかった団体があります（{len(group)} 団体）",
            f"Window missed ({counted(len(group), 'body', 'bodies')})",
        ),
        _some(lines),
        Text("これらの団体では何も変更していません。", "Nothing of these bodies was touched."),
        (
            Text(
                "次の作業時間帯に自動で着手します。計画のやり直しは要りません。",
                "They are begun in their next window by themselves; nothing has to be planned anew.",
            ),
        ),
        (f"moyai operation show {scene.operation}",),
    )


def _stalled(group: Sequence[Happened], scene: Scene) -> Told:
    title = Text("作業が止まっています", "The operation stands still")
    reasons = dict.fromkeys(why for one in group if (why := one.text("reason")) is not None)
    in_hand = [scene.name_of(one.code) for one in scene.plan.bodies if scene.is_in_hand(one.code)]
    return Told(
        title,
        (title, *reasons, *_some(in_hand)),
        Text(
            "着手済みの団体はいまのまま待っています。ほかの団体には着手しません。",
            "Bodies that were begun wait as they are; no other body is begun.",
        ),
        (
            Text(
                "原因を除いてください。除かれれば、作業は自動で続きます。",
                "Remove the cause: the work goes on by itself then.",
            ),
            Text(
                f"待たずに止める: moyai operation cancel {scene.operation} --stop",
                f"To stop without waiting: moyai operation cancel {scene.operation} --stop",
            ),
        ),
        ("moyai validate", "moyai status", f"moyai operation show {scene.operation}"),
    )


def _bodies_ended(group: Sequence[Happened], scene: Scene) -> Told:
    held = group[0].event is Event.BODY_HELD
    number = len(group)
    title = (
        Text(
            f"保留の団体があります（{number} 団体）",
            f"Body held ({counted(number, 'body', 'bodies')})",
        )
        if held
        else Text(
            f"未了の団体があります（{number} 団体）",
            f"Work still owed ({counted(number, 'body', 'bodies')})",
        )
    )
    lines: list[Text] = []
    touched: dict[Text, list[Text]] = {}
    remedies: dict[Text, None] = {}
    for one in group:
        status, error = str(one.facts.get("status")), one.facts.get("error")
        name, why = scene.name_of(one.code or ""), text_in(error, "what")
        end = BODY_ENDS.get(status, BODY_ENDS["failed"])
        lines.append(
            Text(
                f"{name.ja}: {end.ja}。{why.ja if why else ''}",
                f"{name.en}: {end.en}. {why.en if why else ''}".rstrip(),
            )
        )
        touched.setdefault(touched_by(status, error), []).append(name)
        remedy = text_in(error, "remedy")
        if remedy is not None:
            remedies[remedy] = None
    again = Text(
        f"直したら、その団体だけやり直す: moyai operation retry {scene.operation} 団体コード",
        f"Once mended, begin that body alone again: moyai operation retry {scene.operation} CODE",
    )
    return Told(
        title,
        _some(lines),
        each_touched(touched),
        (*_some(tuple(remedies)), again),
        (f"moyai operation report {scene.operation}", "moyai operation debts"),
    )


def _some(lines: Sequence[Text]) -> tuple[Text, ...]:
    """The first lines, and how many more there are."""
    more = len(lines) - _LISTED
    if more <= 0:
        return tuple(lines)
    return (*lines[:_LISTED], Text(f"ほか {more} 件", f"and {more} more"))
