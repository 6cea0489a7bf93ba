"""An approved edit put into tenants.yaml by a person, whereupon workers bring it to the bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView
from moyai.operations.database.writing import put_in_file, want
from moyai.operations.deploys.tenants import would_change, write_change
from moyai.operations.fleet.approving import missing, not_counted
from moyai.operations.fleet.opening import Office
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.proposing import changes_of, moved
from moyai.planning.fleet.status_words import OPERATIONS, named
from moyai.planning.fleet.wanted import of_plan
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done."""

    operation: str
    was_written: bool
    """False: the file had the edit already."""
    begins: bool
    """Whether workers may begin now."""
    foundation: tuple[str, ...]
    """Stacks of the foundation that are to be deployed by hand first."""
    codes: tuple[str, ...]
    """The bodies that it changes."""


def apply(
    office: Office, operation: str, who: str | None, day: date, *, begin: bool = True
) -> Applied:
    """Write the edit of a proposal; may be run again. `begin`: whether workers may then begin.

    Raises `UsageError` for what is no proposal, `Refused` where it is not approved, has ended, or where the
    file is another one by now.
    """
    registry = office.workspace.registry
    by = who_plans(registry, who, day)
    with office.engine.connect() as connection:
        view = shown(connection, operation)
    code, changes = changes_of(view.plan)
    codes = [body.code for body in view.plan.bodies]
    require_bodies(by, registry, codes, day)
    if code not in codes:  # whoever approves a plan answers for its bodies alone
        raise _not_as_shown(operation)
    if view.row.ended_at is not None or view.row.wanted in ("cancel", "stop"):
        raise _ended(view)
    absent = missing(view, registry)
    unsaid = tuple(one for one in of_plan(view.plan) if one in absent)
    if unsaid:
        raise _not_approved(view, not_counted(view, registry, unsaid))
    after = view.plan.parameters["after_sha256"]
    changed = None
    if registry.sha256 != after:
        if registry.sha256 != view.plan.parameters["base_sha256"]:
            raise moved(operation)
        changed = would_change(registry, code, changes)
        # What the approver has read is the difference: a plan may say another than it makes.
        if changed.registry.sha256 != after or changed.diff != _texts(view, "diff"):
            raise _not_as_shown(operation)
    # On record only where it was written; where the answer of the record is lost, it is run again.
    with office.engine.begin() as connection:
        actor = f"operator:{by.email}"
        put_in_file(connection, operation, actor, written=changed is not None)
        if begin:
            want(connection, operation, "run", actor)
        if changed is not None:
            write_change(registry, changed)
    return Applied(operation, changed is not None, begin, _texts(view, "foundation"), tuple(codes))


def _texts(view: OperationView, name: str) -> tuple[str, ...]:
    """One of the plan's lists."""
    found = view.plan.parameters.get(name, ())
    assert isinstance(found, Sequence)
    return tuple(str(one) for one in found)


def _ended(view: OperationView) -> Refused:
    status = named(OPERATIONS, view.row.status if view.row.ended_at is not None else "cancelled")
    return Refused(
        Text(
            f"{view.row.id} は「{status.ja}」で、もう適用できません。",
            f"{view.row.id} is {status.en}: it cannot be applied any more.",
        ),
        touched=NOTHING_TOUCHED,
    )


def _not_approved(view: OperationView, why: Sequence[Text]) -> Refused:
    ja = "".join(f"\n{one.ja}" for one in why)
    en = "".join(f"\n{one.en}" for one in why)
    return Refused(
        Text(
            f"{view.row.id} は承認されていません。{ja}",
            f"{view.row.id} is not approved.{en}",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"計画した人とは別の承認者が moyai operation approve {view.row.id} を実行してください。",
            f"Another person than the planner runs moyai operation approve {view.row.id}.",
        ),
    )


def _not_as_shown(operation: str) -> Refused:
    return Refused(
        Text(
            f"{operation} の変更では、承認された差分のとおりの tenants.yaml になりません。",
            f"the edits of {operation} do not make of tenants.yaml what its difference shows.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text("もう一度提案してください。", "Propose it anew."),
    )
