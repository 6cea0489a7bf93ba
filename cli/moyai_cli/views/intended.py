"""An operation before it is on record: waves, what is done with each body, when, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from moyai.operations.fleet.assembling import LeftOut
from moyai.planning.fleet.forecast import Forecast
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.known_risks import beside_risks
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.reaching import ends_before
from moyai.planning.fleet.status_words import word
from moyai.texts import Text, counted, in_japan
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, Record, document, listing, show_line
from moyai_cli.views.plan_words import wave_line
from moyai_cli.views.reach import reach_record, reach_said


def show_intended(
    plan: OperationPlan, left: Sequence[LeftOut], foreseen: Forecast, output: Output
) -> None:
    """The plan for people; for machines one document."""
    if output is not Output.TABLE:
        document(_document(plan, left, foreseen), output)
        return
    show_line(f"{word(TITLES, plan.kind, LANG)} {plan.subject}".strip())
    if _waits_for_no_window(plan):
        show_line(
            say(
                "保守時間帯を待ちません（凍結日は守ります）。",
                "It does not wait for maintenance windows; frozen days are kept.",
            )
        )
    for wave in plan.waves:
        _show_wave(plan, wave, foreseen)
    for one in left:
        why = one.why.of(LANG)
        show_line(
            say(
                f"対象外: {one.body.code} {one.body.name}（{why}）",
                f"left out: {one.body.code} {one.body.name}: {why}",
            )
        )
    show_line(_foreseen(plan, foreseen).of(LANG))
    for missed in foreseen.misses:
        show_line(_missed(plan, missed.code, foreseen).of(LANG))
    for code, moment in foreseen.frozen.items():
        show_line(_frozen(plan, code, moment).of(LANG))
    for line in reach_said(ends_before(plan, foreseen, {}, plan.planned_at), plan):
        show_line(line)


def _show_wave(plan: OperationPlan, wave: PlannedWave, foreseen: Forecast) -> None:
    show_line(wave_line(wave))
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("begins", say("開始の見込み", "begins")),
        Column("change", say("内容", "change")),
        Column("risks", say("リスク", "risks")),
    ]
    records = [
        {
            **_record(plan, body, foreseen),
            "change": "; ".join(text.of(LANG) for text in body.change),
            "risks": [*body.risks, *beside_risks(plan, body)],
        }
        for body in plan.wave_of(wave.number)
    ]
    listing(records, columns, Output.TABLE)


def _record(plan: OperationPlan, body: PlannedBody, foreseen: Forecast) -> dict[str, object]:
    begins = foreseen.begun.get(body.code)
    return {
        "code": body.code,
        "name": body.name,
        "begins": None if begins is None else in_japan(begins),
        "change": [text.of(LANG) for text in body.change],
        "risks": list(body.risks),
        "known_risks": list(beside_risks(plan, body)),
    }


def _document(plan: OperationPlan, left: Sequence[LeftOut], foreseen: Forecast) -> Record:
    return {
        "kind": plan.kind,
        "subject": plan.subject,
        "waves": [
            {
                "number": wave.number,
                "name": wave.name,
                "bodies": [_record(plan, body, foreseen) for body in plan.wave_of(wave.number)],
            }
            for wave in plan.waves
        ],
        "left": [
            {"code": one.body.code, "name": one.body.name, "why": one.why.of(LANG)} for one in left
        ],
        "begins": foreseen.begins.isoformat(),
        "ends": foreseen.ends.isoformat(),
        "fits": foreseen.fits,
        "misses": [one.code for one in foreseen.misses],
        "frozen": {code: moment.isoformat() for code, moment in foreseen.frozen.items()},
        "approval_ends_before": reach_record(ends_before(plan, foreseen, {}, plan.planned_at)),
    }


def _foreseen(plan: OperationPlan, foreseen: Forecast) -> Text:
    begins, ends = in_japan(foreseen.begins), in_japan(foreseen.ends)
    if _waits_for_no_window(plan):
        frozen = len(foreseen.frozen)
        if not frozen:
            return Text(
                f"見込み: {begins} から {ends} まで。保守時間帯は待ちません。",
                f"Foreseen: {begins} to {ends}; no window is waited for.",
            )
        some = counted(frozen, "body waits", "bodies wait")
        return Text(
            f"見込み: {begins} から {ends} まで。保守時間帯は待ちません。"
            f"{frozen} 団体は凍結期間が明けるまで待ちます。",
            f"Foreseen: {begins} to {ends}; no window is waited for, but {some} for the end of a freeze.",
        )
    fits = Text("最初の保守時間帯に収まります", "it fits into each body's first window")
    late = Text("最初の保守時間帯に収まらない団体があります", "some bodies miss their first window")
    said = fits if foreseen.fits else late
    return Text(
        f"見込み: {begins} から {ends} まで。{said.ja}。",
        f"Foreseen: {begins} to {ends}; {said.en}.",
    )


def _waits_for_no_window(plan: OperationPlan) -> bool:
    return all(body.calendar is None or body.calendar.is_any_time for body in plan.bodies)


def _frozen(plan: OperationPlan, code: str, moment: datetime) -> Text:
    name, at = plan.body(code).name, in_japan(moment)
    return Text(
        f"{code} {name}: 凍結期間が明ける {at} を待ちます。",
        f"{code} {name}: waits for the end of its freeze, {at}.",
    )


def _missed(plan: OperationPlan, code: str, foreseen: Forecast) -> Text:
    name = plan.body(code).name
    begins = foreseen.begun.get(code)
    if begins is None:
        return Text(
            f"{code} {name}: 始められる時間帯がありません。", f"{code} {name}: has no opening."
        )
    moment = in_japan(begins)
    return Text(
        f"{code} {name}: 次の時間帯（{moment}）になります。",
        f"{code} {name}: runs in a later window, {moment}.",
    )
