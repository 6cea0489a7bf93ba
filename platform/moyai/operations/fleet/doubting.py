"""What who approves a plan is told beside it: where it differs from tenants.yaml and from what is on record."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from moyai.operations.database.reading import verified_restores
from moyai.operations.database.rows import OperationView
from moyai.operations.fleet.risks import risks_otherwise
from moyai.operations.kinds.upgrade.verified import UNVERIFIED
from moyai.planning.fleet.differing import differing
from moyai.registry.models import Registry
from moyai.texts import Text


def doubts(connection: sa.Connection, view: OperationView, registry: Registry) -> tuple[Text, ...]:
    """Sentences. Raises `UsageError` for a selector of the settings that cannot be read."""
    otherwise = () if view.row.ended_at else risks_otherwise(connection, view, registry)
    return (*differing(view.plan, registry), *_unsaid_risks(connection, view, registry), *otherwise)


def _unsaid_risks(
    connection: sa.Connection, view: OperationView, registry: Registry
) -> tuple[Text, ...]:
    """Bodies of an upgrade whose restore was not verified of late, where the plan does not say so."""
    service = view.plan.parameters.get("service")
    if view.row.kind != "upgrade" or not isinstance(service, str) or view.row.ended_at is not None:
        return ()
    verified = verified_restores(connection, service)
    limit = view.now - timedelta(days=registry.operations.verified_restore_days)
    codes = [
        body.code
        for body in view.plan.bodies
        if UNVERIFIED not in body.risks
        and (body.code not in verified or verified[body.code] < limit)
    ]
    if not codes:
        return ()
    listed = "、".join(codes), ", ".join(codes)
    return (
        Text(
            f"復元が確認されていないのに、計画のリスクにありません: {listed[0]}",
            f"no restore verified of late, and the plan does not say so: {listed[1]}",
        ),
    )
