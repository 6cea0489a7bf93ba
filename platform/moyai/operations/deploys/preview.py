"""Asking the engine what planned runs would do; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moyai.engine.stacks import RunFinished, Step
from moyai.errors import MoyaiError
from moyai.operations.deploys.plan import stack_id
from moyai.operations.deploys.stack_runs import stack_run
from moyai.operations.site.workspace import Workspace
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import SHARED

if TYPE_CHECKING:
    from moyai.engine.driver.driver import Driver


@dataclass(frozen=True, slots=True)
class Previewed:
    """One stack's preview."""

    stack: PlannedStack
    steps: tuple[Step, ...]
    error: MoyaiError | None


def previews(workspace: Workspace, driver: Driver, plan: Plan) -> Iterator[Previewed]:
    """Preview what runs: the foundation, and bodies whose foundation is there already.

    A body whose cell is yet to be made cannot be previewed: its program reads the cell's outputs.
    """
    wanted = {stack_id(stack): stack for stack in _possible(plan)}
    runs = (stack_run(workspace, stack, plan.day, "preview") for stack in wanted.values())
    for event in driver.run(runs):
        if isinstance(event, RunFinished):
            result = event.result
            yield Previewed(wanted[event.stack], result.steps, result.error)


def _possible(plan: Plan) -> list[PlannedStack]:
    missing = [stack for stack in plan.foundation if stack.action == "create"]
    if missing:
        return [stack for stack in missing if stack.name == SHARED]
    return [stack for stack in plan.stacks if stack.runs and stack.needs_engine]


def by_code(found: Mapping[str, Previewed]) -> dict[str, tuple[Step, ...]]:
    """Code → steps of the previews that ended well."""
    return {code: one.steps for code, one in found.items() if one.error is None}
