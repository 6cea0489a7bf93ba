"""An approved edit put into tenants.yaml by a person, whereupon workers bring it to the bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView
from moyai.operations.database.writing import want
from moyai.operations.fleet.approving import missing, not_counted
from moyai.operations.fleet.opening import Office
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.proposing import changes_of, moved
from moyai.operations.tenants import would_change, write_change
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


def wait_for_apply(office: Office, operation: str, by: str) -> None:
    """Have workers begin nothing of a proposal until it is in the file."""
    with office.engine.begin() as connection:
        want(connection, operation, "pause", f"operator:{by}")


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
    require_bodies(by, registry, [body.code for body in view.plan.bodies], day)
    if view.row.ended_at is not None or view.row.wanted in ("cancel", "stop"):
        raise _ended(view)
    absent = missing(view, registry)
    if "plan" in absent:
        raise _not_approved(view, not_counted(view, registry, ("plan",)))
    after = view.plan.parameters["after_sha256"]
    was_written = False
    if registry.sha256 != after:
        if registry.sha256 != view.plan.parameters["base_sha256"]:
            raise moved(operation)
        changed = would_change(registry, code, changes)
        if changed.registry.sha256 != after:
            raise _other_version(operation)
        write_change(registry, changed)
        was_written = True
    if begin:
        with office.engine.begin() as connection:
            want(connection, operation, "run", f"operator:{by.email}")
    named = view.plan.parameters.get("foundation", ())
    assert isinstance(named, Sequence)
    return Applied(operation, was_written, begin, tuple(str(one) for one in named))


def _ended(view: OperationView) -> Refused:
    status = view.row.status if view.row.ended_at is not None else "cancelled"
    return Refused(
        Text(
            f"{view.row.id} は {status} で、もう適用できません。",
            f"{view.row.id} is {status}: it cannot be applied any more.",
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


def _other_version(operation: str) -> Refused:
    return Refused(
        Text(
            f"このもやいの版では、{operation} で承認されたとおりの tenants.yaml になりません。",
            f"this version of Moyai would not make of tenants.yaml what {operation} was approved for.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text("もう一度提案してください。", "Propose it anew."),
    )
