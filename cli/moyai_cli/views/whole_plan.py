"""All that a plan says, for who approves it: what is done with whom, when, and what tenants.yaml says else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from moyai.operations.database.rows import OperationView
from moyai.planning.fleet.known_risks import beside_risks
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.said import exceptions, risk_words
from moyai.planning.fleet.taking_over import taken_over
from moyai.planning.fleet.wanted import named_exceptions
from moyai.planning.openings import Calendar
from moyai.texts import Text, in_japan
from moyai_cli.language import of, say
from moyai_cli.views.plan_words import given_words, span, wave_line

if TYPE_CHECKING:
    from moyai.planning.fleet.forecast import Forecast


def foreseen(view: OperationView) -> Forecast | None:
    """An operation that has not begun, played from now on; None: of others nothing is foreseen."""
    if view.row.began_at is not None or view.row.ended_at is not None:
        return None
    from moyai.planning.fleet.forecast import forecast  # only where it is asked for

    return forecast(view.plan, view.now)


def plan_lines(plan: OperationPlan, differs: Sequence[Text], ahead: Forecast | None) -> list[str]:
    """The plan in lines: waves with their bodies, then what is done; bodies of which it says the same stand
    together. `differs`: what it says otherwise than tenants.yaml. `ahead`: what is foreseen."""
    begins = {} if ahead is None else ahead.begun
    groups: dict[tuple[str, ...], list[PlannedBody]] = {}
    for body in plan.bodies:
        groups.setdefault(_said_of(plan, body), []).append(body)
    lines: list[str] = []
    for wave in plan.waves:
        lines.extend((wave_line(wave), *_members(plan, wave.number, begins)))
    for said, bodies in groups.items():
        names = "、".join(f"{one.code} {one.name}" for one in bodies)
        lines.append(say(f"{len(bodies)} 団体: {names}", f"{len(bodies)} of: {names}"))
        lines.extend(f"  {line}" for line in said)
    lines.extend(_of_whole(plan))
    lines.extend(
        say("tenants.yaml と違う点: ", "differs from tenants.yaml: ") + of(one) for one in differs
    )
    return lines


def _members(plan: OperationPlan, number: int, begins: Mapping[str, datetime]) -> Iterator[str]:
    """Who is in a wave, in its order, with the time at which each is foreseen to begin."""
    for body in plan.wave_of(number):
        at = begins.get(body.code)
        when = "" if at is None else say(f"（{in_japan(at)} から）", f" (from {in_japan(at)})")
        yield f"  {body.code} {body.name}{when}"


def _said_of(plan: OperationPlan, body: PlannedBody) -> tuple[str, ...]:
    """What is said of one body, but for its name."""
    lines = [of(text) for text in body.change]
    try:
        over = taken_over(plan, body.code)
    except (AttributeError, TypeError):  # what a planner wrote by hand
        lines.insert(0, say("引継ぎの指定が読めない", "what it takes over cannot be read"))
    else:
        if over is not None and of(over.text) not in lines:
            lines.insert(0, of(over.text))
    for risk in body.risks:
        lines.append(say("リスク: ", "risk: ") + of(risk_words(risk)))
    for risk in beside_risks(plan, body):
        lines.append(say("リスク（承認は不要）: ", "risk, of no approval: ") + of(risk_words(risk)))
    if body.approves_itself:
        lines.append(say("団体自身の承認が要る", "has to approve its own slot"))
    lines.append(_calendar(body.calendar))
    took = span(body.forecast_seconds)
    lines.append(say(f"1 団体あたりの見込み {took}", f"foreseen to take {took} each"))
    return tuple(lines)


def _calendar(calendar: Calendar | None) -> str:
    if calendar is None:
        return say("保守時間帯を待たない", "waits for no maintenance window")
    window = calendar.window
    frozen = ", ".join(f"{one.first} – {one.last}" for one in calendar.freezes)
    if calendar.is_any_time:
        return say(
            f"保守時間帯を待たない、凍結日 {frozen or 'なし'}",
            f"waits for no maintenance window; frozen {frozen or 'never'}",
        )
    days = ", ".join(window.days)
    return say(
        f"保守時間帯 {days} {window.start:%H:%M} から {window.hours} 時間、凍結日 {frozen or 'なし'}",
        f"window {days} {window.start:%H:%M}, {window.hours} h; frozen {frozen or 'never'}",
    )


def _laxer(plan: OperationPlan) -> list[str]:
    names = named_exceptions(plan)
    if not names:
        return []
    head = say("例外（tenants.yaml より緩い点）: ", "exceptions, laxer than tenants.yaml: ")
    return [head + of(exceptions(names))]


def _of_whole(plan: OperationPlan) -> list[str]:
    hours = plan.approval_seconds // 3600
    given = given_words(plan)
    return [
        say(
            f"同じエラーが {plan.same_errors} 件で止まる（0 は止まらない）、承認は {hours} 時間有効",
            f"stops at {plan.same_errors} errors of one kind (0: never), approvals hold for {hours} h",
        ),
        *_laxer(plan),
        *([say("指定: ", "given: ") + given] if given else []),
    ]
