"""Which approvals an operation wants: for its plan, its waves, its bodies and their risks. Pure.

The one place that says so. Who lists them, asks for them, foresees, begins bodies or carries them asks here.
Subjects are written as `approvals.subjects` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from moyai.approvals.subjects import EXCEPTIONS, PLAN
from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, PlannedWave
from moyai.texts import Text

PARAMETER = "exceptions"
"""Of a plan: what it is laxer in than tenants.yaml, by name (`planning.fleet.exceptions`)."""


def needs_approval(plan: OperationPlan) -> bool:
    """Whether another person than the planner has to approve it, by what it says itself. Whether it may say
    that it needs none is its kind's."""
    return plan.approval_seconds > 0


def named_exceptions(plan: OperationPlan) -> tuple[str, ...]:
    """What a plan says that it is laxer in."""
    given = plan.parameters.get(PARAMETER)
    if not isinstance(given, Sequence) or isinstance(given, str):
        return ()
    return tuple(str(one) for one in given)


def of_plan(plan: OperationPlan) -> tuple[str, ...]:
    """What has to be approved before anything begins."""
    return of_asked_plan(plan) if needs_approval(plan) else ()


def of_asked_plan(plan: OperationPlan) -> tuple[str, ...]:
    """The same of a kind that needs approval, whatever the plan says of that."""
    return (str(PLAN), *([str(EXCEPTIONS)] if named_exceptions(plan) else []))


def of_wave(wave: PlannedWave) -> tuple[str, ...]:
    """What has to be approved before a wave begins."""
    return (f"wave:{wave.number}",) if wave.needs_approval else ()


def of_slot(body: PlannedBody) -> tuple[str, ...]:
    """What a body has to approve itself."""
    return (f"body:{body.code}",) if body.approves_itself else ()


def of_risks(body: PlannedBody) -> tuple[str, ...]:
    """What has to be approved by a risk's name."""
    return tuple(f"{risk}:{body.code}" for risk in body.risks)


def of_body(body: PlannedBody) -> tuple[str, ...]:
    """What of a body has to be approved before it begins."""
    return (*of_slot(body), *of_risks(body))


def of_bodies(plan: OperationPlan) -> tuple[str, ...]:
    """What of all bodies has to be approved: their slots, then their risks."""
    slots = (one for body in plan.bodies for one in of_slot(body))
    risks = (one for body in plan.bodies for one in of_risks(body))
    return (*slots, *risks)


def at_first(plan: OperationPlan) -> tuple[str, ...]:
    """What may be approved as soon as a plan is on record: a wave's approval comes after the wave before."""
    return (*of_plan(plan), *of_bodies(plan))


def of_whole(plan: OperationPlan) -> tuple[str, ...]:
    """All that has to be approved before all of it is done, as it is needed; none where the plan needs none."""
    if not needs_approval(plan):
        return ()
    waves = (one for wave in plan.waves for one in of_wave(wave))
    return (*of_plan(plan), *waves, *of_bodies(plan))


def before_change(plan: OperationPlan, body: PlannedBody) -> tuple[str, ...]:
    """What has to be approved before anything of a body is changed, of a kind that needs approval."""
    waves = (one for wave in plan.waves if wave.number == body.wave for one in of_wave(wave))
    return (*of_asked_plan(plan), *waves, *of_body(body))


def lacking(wanted: Iterable[str], approved: Set[str]) -> str | None:
    """The first that is not approved; None: all are."""
    return next((one for one in wanted if one not in approved), None)


def why(subject: str, plan: OperationPlan) -> Text:
    """What is said of what waits for an approval that it had, or never had."""
    if subject in of_asked_plan(plan):
        return said.APPROVAL_LAPSED
    what, _, about = subject.partition(":")
    if what == "wave":
        names = (wave.name for wave in plan.waves if str(wave.number) == about)
        return said.wave_approval(next(names, about))
    return why_body(subject)


def why_body(subject: str) -> Text:
    """The same of what is of one body: its own slot, or a risk."""
    what = subject.partition(":")[0]
    return said.OWN_APPROVAL if what == "body" else said.risk_approval(what)
