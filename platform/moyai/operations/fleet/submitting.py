"""How any operation comes on record: planned, held against who plans, shown, signed, written.

One way for all commands: what is planned, and how it is shown, is the command's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from moyai.approvals.signing import find_signer
from moyai.operations.database.durations import measured
from moyai.operations.fleet.newest import plan_by
from moyai.operations.fleet.opening import Office
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.putting import put_on_record
from moyai.operations.site.places import today
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.wanted import needs_approval

Plan = Callable[[str, tuple[Measured, ...]], OperationPlan]
"""The plan by the planner's address, as tenants.yaml has it, and by what was measured."""
Show = Callable[[OperationPlan], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, by whom."""

    kind: str
    subject: str
    """As of the plan: what durations were measured for."""
    who: str | None
    """The operator's address, as said."""
    key: Path | None = None
    """The file of the planner's private key; None: it is looked for."""
    dry_run: bool = False


def submit(office: Office, asked: Asked, plan: Plan, show: Show) -> str | None:
    """Put an operation on record; its id, or None where it was only to be shown.

    A plan that needs approval is signed by who planned it. Rights are those of today, whatever day is planned
    as of. Raises as `who_plans`, `plan`, `require_bodies`, `plan_by` and `CannotSign`; nothing is on record
    then but which file is the newest.
    """
    registry = office.workspace.registry
    day = today()
    by = who_plans(registry, asked.who, day)
    with office.engine.connect() as connection:
        history = measured(connection, asked.kind, asked.subject)
    made = plan(by.email, tuple(history))
    require_bodies(by, registry, [body.code for body in made.bodies], day)
    show(made)
    if asked.dry_run:
        return None
    plan_by(office, by, allow_older=made.parameters.get("allow_older") is True)
    signer = find_signer(by.ssh_key, asked.key, os.environ) if needs_approval(made) else None
    return put_on_record(office.engine, made, signer)


def unseen(plan: OperationPlan) -> None:
    """Of a plan that changes nothing: what is on record is shown, and nothing before."""
