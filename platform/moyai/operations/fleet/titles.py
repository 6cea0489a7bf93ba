"""What the kinds and their steps are called, for views and reports."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.errors import UsageError
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import kind_of
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.taking_over import taken_over
from moyai.texts import Text


def step_titles(workspace: Workspace, plan: OperationPlan) -> Mapping[str, Text]:
    """Name → what it is called; none for a kind that this version does not know."""
    source = SiteSource(workspace.registry.path, workspace.site.name)
    try:
        kind = kind_of(plan.kind, source)
    except UsageError:
        return {}
    over = [body for body in plan.bodies if taken_over(plan, body.code) is not None]
    bodies = (*plan.bodies[:1], *over)
    return {step.name: step.title for body in bodies for step in kind.steps(plan, body)}
