"""What is said of approvals that run out before the work is done: of whom, and what to do. Pure."""

from __future__ import annotations

from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.reaching import EndsBefore
from moyai.texts import Text, counted, in_japan

_NAMED = 5
"""Bodies that are named; more are counted."""


def reach_lines(found: EndsBefore, plan: OperationPlan, operation: str | None) -> tuple[Text, ...]:
    """The warning in lines. `operation`: its id, where it is on record."""
    return (_what(found, plan), *_remedies(found, plan, operation))


def reach_briefly(found: EndsBefore) -> Text:
    """The same in one line, where there is no room for names."""
    until, number = in_japan(found.until), len(found.begins)
    return Text(
        f"承認の期限 {until} のあとになる見込みの団体: {number}",
        f"its approval holds until {until}, before {counted(number, 'body', 'bodies')} will be done",
    )


def reach_reason(found: EndsBefore, plan: OperationPlan) -> Text:
    """Why approvers are asked anew while an approval still holds."""
    first = in_japan(found.first)
    what = _what(found, plan)
    return Text(
        f"{what.ja}。{first} までにもう一度承認されなければ着手しません",
        f"{what.en}; unless it is approved again before {first}, they are not begun",
    )


def _what(found: EndsBefore, plan: OperationPlan) -> Text:
    until, number = in_japan(found.until), len(found.begins)
    names = {body.code: body.name for body in plan.bodies}
    some = [
        (f"{code} {names[code]}", in_japan(at)) for code, at in list(found.begins.items())[:_NAMED]
    ]
    ja = "、".join(f"{name}（{at} から）" for name, at in some)
    en = ", ".join(f"{name} (from {at})" for name, at in some)
    if number > _NAMED:
        ja, en = f"{ja}、ほか {number - _NAMED} 団体", f"{en} and {number - _NAMED} more"
    head = (
        Text(f"承認の期限は {until} です", f"the approval holds until {until}")
        if found.is_given
        else Text(
            f"今承認すると、期限は {until} です", f"an approval given now holds until {until}"
        )
    )
    bodies = counted(number, "body is", "bodies are")
    return Text(
        f"{head.ja}。次の {number} 団体の作業には届きません: {ja}",
        f"{head.en}, and {bodies} foreseen to be at work after that: {en}",
    )


def _remedies(found: EndsBefore, plan: OperationPlan, operation: str | None) -> tuple[Text, ...]:
    first, reaches = in_japan(found.first), in_japan(found.from_when)
    command = "" if operation is None else f": moyai operation approve {operation}"
    if found.suffices_later:
        last = in_japan(min(found.deadline, found.first))
        again = Text(
            f"{reaches} から {last} までのあいだに承認してください",
            f"approve it from {reaches} on, before {last}",
        )
    elif found.is_given:
        again = Text(
            f"{first} までにもう一度承認してください"
            f"（{reaches} 以降の承認なら最後の団体まで届きます）{command}",
            f"approve it again before {first}; one given from {reaches} on reaches the last body{command}",
        )
    else:
        again = Text(
            f"承認したあと、{first} までにもう一度承認してください"
            f"（{reaches} 以降の承認なら最後の団体まで届きます）",
            f"approve it, and again before {first}; one given from {reaches} on reaches the last body",
        )
    return again, *_longer(found, plan)


def _longer(found: EndsBefore, plan: OperationPlan) -> tuple[Text, ...]:
    """Nothing of a plan that is approved already: it would have to be planned anew."""
    if found.hours is None or found.is_given:
        return ()
    hours = plan.approval_seconds // 3600
    return (
        Text(
            f"または tenants.yaml の operations.approval_hours を {found.hours} 以上（今は {hours}）にして、"
            "計画し直してください",
            f"or set operations.approval_hours in tenants.yaml to {found.hours} at least "
            f"(it is {hours}), and plan it again",
        ),
    )
