"""One body's stack run by a step: by what is on record now, with whatever other commands did meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from moyai.canonical_json import sha256_of
from moyai.engine.stacks import StackId
from moyai.errors import Refused
from moyai.operations.deploys.events import StackEnded
from moyai.operations.deploys.plan import Wish, plan_of
from moyai.operations.deploys.stack_runs import StackRuns
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.kind import Unavailable
from moyai.operations.site.places import today
from moyai.operations.site.session import Session, imports_of
from moyai.operations.site.site_state import SiteState
from moyai.planning.conditions import Condition
from moyai.planning.plans import Plan, PlannedStack
from moyai.texts import Text

_WAIT_SECONDS = 900.0
"""How long another command at the same body is waited for."""

Planned = Callable[[Session], Sequence[PlannedStack]]
"""A body's stack as it is to run by what is on record in a session: none or one."""


def build(
    session: Session, code: str, planned: Planned, inside: Inside | None, day: date | None = None
) -> dict[str, int]:
    """Run a body's stack where it has to run; how many resources changed, by Pulumi's operation.

    `planned` is asked with each session whose records the run rests on, and may raise: nothing is run then.
    `inside` does what it leaves to be onboarded and checked. `day`: as of which it is built; None: today.
    Raises `MoyaiError` as it ended.
    """
    day = day or today()
    session = session.anew()
    session.make_ready()
    stacks = planned(session)
    for stack in stacks:
        if stack.action == "refused":
            raise Refused(stack.reasons[0])
    todo = [stack for stack in stacks if stack.runs]
    if not todo:
        return {}
    imports = imports_of(plan_of(session, Wish(code, day)))
    ended: StackEnded | None = None
    with session.driver(1, _WAIT_SECONDS, imports) as driver:

        def again(_: Sequence[PlannedStack]) -> Sequence[PlannedStack]:
            return planned(session.anew())

        runs = StackRuns(session, driver, day, again, _WAIT_SECONDS)
        for event in runs.carry_out(todo, inside):
            if isinstance(event, StackEnded):
                ended = event
    return _counts(ended)


def hold_to_buildable(plan: Plan, stack: PlannedStack) -> None:
    """Raises `Unavailable` where a body's stack may not be built now: what the plan itself refuses, quotas,
    a foundation that is to be deployed before."""
    if stack.action == "refused":
        raise Unavailable(stack.reasons[0])
    if plan.exceeded:
        raise Unavailable(plan.exceeded[0].text)
    waits = [one.name for one in plan.foundation if one.runs]
    if waits:
        names = ", ".join(waits)
        raise Unavailable(
            Text(
                f"先に共通基盤（{names}）の適用が要ります。",
                f"the foundation has to be deployed first: {names}.",
            ),
            remedy=Text("moyai deploy を実行してください。", "Run moyai deploy."),
        )


def stands(state: SiteState, stack: StackId, sha256: str | None) -> bool:
    """Whether a stack is on record as it was approved, by its fingerprint's hash: a worker may have died before
    it said so, and files may be others since. The end of a run whose worker died goes on record here."""
    if sha256 is None:
        return False
    state.settle(stack, sha256)
    recorded = state.recorded(stack)
    is_known = recorded.condition is Condition.APPLIED
    return is_known and sha256_of(dict(recorded.fingerprint)) == sha256


def changed(counts: Mapping[str, object]) -> bool:
    """Whether a run of `build` that ended so changed any resource."""
    return any(counts.get(op) for op in ("create", "update", "replace", "delete", "import"))


def _counts(ended: StackEnded | None) -> dict[str, int]:
    if ended is None:
        return {}
    if ended.error is not None:
        raise ended.error
    counts: dict[str, int] = {}
    for step in ended.steps:
        counts[step.op] = counts.get(step.op, 0) + 1
    return counts
