"""The plan of a wish: what it is decided from is read here, and decided in `moyai.planning`.

Starts no engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from moyai.engine.stacks import StackId
from moyai.operations.site.places import today
from moyai.operations.site.session import Session
from moyai.operations.site.surroundings import surroundings
from moyai.planning.conditions import Recorded
from moyai.planning.decisions import Basis, foundation_names, make_plan, vanished
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.selectors import select_with
from moyai.planning.topology import FOUNDATION, SHARED, TENANT

if TYPE_CHECKING:
    from moyai.operations.evidence.doing import Kind


@dataclass(frozen=True, slots=True)
class Wish:
    """What a deploy is asked for."""

    selector: str
    day: date
    refresh: bool = False
    allow_older: bool = False
    check: bool = False
    """Whether to check each service that runs, changed or not."""
    begun: bool = False
    """Whether work is gone on with that was begun when it might be: freezes do not hold it up."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Who deploys, and by which command."""

    kind: Kind = "deploy"
    operator: str | None = None
    """See `moyai.operations.evidence.doing.About`."""


def plan_of(session: Session, wish: Wish) -> Plan:
    """The plan by what is on record now. Raises `UsageError` for a selector of nothing known."""
    return make_plan(read_basis(session, wish))


def read_basis(session: Session, wish: Wish) -> Basis:
    """All that a plan follows from; raises as `plan_of` does. Read from disk, nothing live."""
    workspace, state = session.workspace, session.state
    bodies_on_record = [Recorded(r.stack.name, facts=r.facts) for r in state.records(TENANT)]
    lost = vanished(workspace.registry, bodies_on_record)
    selection = select_with(workspace.registry, lost, wish.selector, wish.day)
    names = foundation_names(selection.bodies)
    others = state.records(FOUNDATION) if selection.is_everyone else ()
    codes = [body.code for body in selection.bodies]
    codes += [body.code for body in selection.vanished]
    return Basis(
        registry=workspace.registry,
        site=workspace.site,
        selection=selection,
        day=wish.day,
        today=today(),
        foundation=_recorded(session, FOUNDATION, {*names, *(r.stack.name for r in others)}),
        tenants=_recorded(session, TENANT, codes),
        under_foundation=surroundings(
            workspace, state.outputs_of(FOUNDATION, (SHARED,)), "foundation"
        ),
        under_tenants=surroundings(workspace, state.outputs_of(FOUNDATION, names), "tenant"),
        refresh=wish.refresh,
        check=wish.check,
        begun=wish.begun,
    )


def _recorded(session: Session, project: str, names: Iterable[str]) -> dict[str, Recorded]:
    return {name: session.state.recorded(StackId(project, name)) for name in names}


def stack_id(stack: PlannedStack) -> StackId:
    """How engine and records know a planned stack."""
    return StackId(stack.project, stack.name)
