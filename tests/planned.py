"""A plan put on record as a person's command does, without being shown, signed or sent twice."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa

from moyai.operations.database.writing import IdTaken, create_as, next_id
from moyai.planning.fleet.plans import OperationPlan


def create(connection: sa.Connection, plan: OperationPlan, signature: str | None) -> str:
    """Put a plan on record under the next id, which it answers."""
    while True:
        operation = next_id(connection)
        with suppress(IdTaken):
            create_as(connection, operation, plan, signature)
            return operation
