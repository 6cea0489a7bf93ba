"""An operation with its plan as a record for programs: the keys are part of the interface for machines."""

from __future__ import annotations

from collections.abc import Sequence

from moyai.operations.database.rows import OperationView
from moyai.planning.fleet.known_risks import beside_risks
from moyai.planning.fleet.plans import to_document
from moyai_cli.language import of
from moyai_cli.views.operation_records import approval_record, whole_record


def view_record(view: OperationView, missing: Sequence[str]) -> dict[str, object]:
    """One operation with all that `show` tells. `missing`: subjects that wait for an approval."""
    plan = view.plan
    limits = {wave.number: wave for wave in plan.waves}
    record = whole_record(view.row, view.waves, view.bodies)
    for wave, found in zip(view.waves, _list(record["waves"]), strict=True):
        planned = limits[wave.number]
        found["max_concurrent"] = planned.limits.max_concurrent
        found["failure_tolerance"] = planned.limits.tolerance
        found["failure_mode"] = planned.limits.mode
        found["soak_seconds"] = planned.soak_seconds
        found["needs_approval"] = planned.needs_approval
    documents = _list(to_document(plan)["bodies"])
    for body, planned_body, entry in zip(
        plan.bodies, documents, _list(record["bodies"]), strict=True
    ):
        entry["change"] = [of(text) for text in body.change]
        entry["risks"] = list(body.risks)
        entry["known_risks"] = list(beside_risks(plan, body))
        entry["forecast_seconds"] = body.forecast_seconds
        entry["approves_itself"] = body.approves_itself
        entry["calendar"] = planned_body["calendar"]
    approvals = [approval_record(one) for one in view.approvals]
    return {
        **record,
        "parameters": dict(plan.parameters),
        "same_errors": plan.same_errors,
        "approval_seconds": plan.approval_seconds,
        "approvals": approvals,
        "approvals_missing": list(missing),
    }


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value
