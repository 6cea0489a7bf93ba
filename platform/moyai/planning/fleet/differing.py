"""What a plan says otherwise than tenants.yaml would have it, for who approves it. Pure.

A plan's limits, waves, windows and whose word is asked for are its planner's text: signed, and not
thereby right. Two operators may have planned by different files, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from moyai.planning.fleet.known_risks import known_risks
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.wanted import needs_approval
from moyai.planning.fleet.waves import divide
from moyai.planning.openings import Calendar, is_always
from moyai.planning.selectors import select
from moyai.registry.models import Registry, Tenant
from moyai.texts import JAPAN, Text


def lacks_own_word(plan: OperationPlan, registry: Registry) -> frozenset[str]:
    """The codes of bodies that approve their own slot by tenants.yaml, and are not asked by the plan.

    None of a plan that needs no approval. Raises `UsageError` for a selector that cannot be read.
    """
    own = registry.operations.bodies_approve
    unasked = {body.code for body in plan.bodies if not body.approves_itself}
    if own is None or not needs_approval(plan) or not unasked:
        return frozenset()
    day = plan.planned_at.astimezone(JAPAN).date()
    return frozenset(one.code for one in select(registry, own, day) if one.code in unasked)


def differing(plan: OperationPlan, registry: Registry) -> tuple[Text, ...]:
    """Sentences; none of a plan that needs no approval. Raises as `lacks_own_word`."""
    if not needs_approval(plan):
        return ()
    tenants = {one.code: one for one in registry.tenants}
    own = lacks_own_word(plan, registry)
    about = (
        (own, Text("団体自身の承認を求めていません", "not asked for their own word")),
        (
            {body.code for body in plan.bodies if _waits_for_no_window(body, tenants)},
            Text("保守時間帯を待ちません", "not held to their windows"),
        ),
        (
            {body.code for body in plan.bodies if _has_another_calendar(body, tenants)},
            Text("保守時間帯か凍結日が違います", "with other windows or frozen days"),
        ),
        (
            {body.code for body in plan.bodies} - tenants.keys(),
            Text("tenants.yaml にありません", "not in tenants.yaml"),
        ),
    )
    of_bodies = [one for codes, words in about for one in _told(sorted(codes), words)]
    return (*of_bodies, *_of_whole(plan, registry), *_of_waves(plan, registry))


def _waits_for_no_window(body: PlannedBody, tenants: Mapping[str, Tenant]) -> bool:
    if body.calendar is None:
        return True
    one = tenants.get(body.code)
    return body.calendar.is_any_time and (one is None or not is_always(one.maintenance_window))


def _has_another_calendar(body: PlannedBody, tenants: Mapping[str, Tenant]) -> bool:
    one = tenants.get(body.code)
    if one is None or body.calendar is None:
        return False
    if body.calendar.is_any_time:
        return body.calendar.freezes != one.freezes
    return body.calendar != Calendar(one.maintenance_window, one.freezes)


def _told(codes: Iterable[str], words: Text) -> tuple[Text, ...]:
    listed = list(codes)
    if not listed:
        return ()
    return (Text(f"{words.ja}: {'、'.join(listed)}", f"{words.en}: {', '.join(listed)}"),)


def _of_whole(plan: OperationPlan, registry: Registry) -> list[Text]:
    settings, found = registry.operations, list[Text]()
    hours = settings.approval_hours
    if plan.approval_seconds != hours * 3600:
        found.append(
            Text(
                f"承認の有効時間が {hours} 時間ではありません",
                f"approvals do not hold for {hours} hours",
            )
        )
    if plan.same_errors != settings.same_errors:
        found.append(
            Text(
                f"同じエラーで止まる件数が {settings.same_errors} 件ではありません",
                f"does not stop at {settings.same_errors} errors of one kind",
            )
        )
    return found


def _of_waves(plan: OperationPlan, registry: Registry) -> list[Text]:
    """Limits, soaks and approvals of waves, and whom each takes."""
    planned = {body.code: body.wave for body in plan.bodies}
    bodies = [one for one in registry.tenants if one.code in planned]
    day = plan.planned_at.astimezone(JAPAN).date()
    expected = divide(registry.operations, bodies, day, known_risks(plan))
    by_number = {wave.number: wave for wave, _ in expected}
    found = [
        Text(
            f"適用枠 {one.number} {one.name} の並行数・許容数・見守り・承認が違います",
            f"wave {one.number} {one.name} has other limits, another soak or another approval",
        )
        for one in plan.waves
        if by_number.get(one.number) != one
    ]
    wave_of = {code: wave.number for wave, codes in expected for code in codes}
    elsewhere = [code for code, number in planned.items() if wave_of.get(code, number) != number]
    return [*found, *_told(elsewhere, Text("適用枠が違います", "in another wave"))]
