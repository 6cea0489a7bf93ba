"""What runbooks did, put into the audit chains."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from moyai.audit.pieces import Pieces
from moyai.operations.database.lost import telling

_NOTE = sa.text("SELECT moyai.note_runbook(:run, :number, :sha256, CAST(:records AS jsonb))")


def note(
    engine: sa.Engine, run: str, number: int, sha256: str, records: Mapping[str, Pieces]
) -> bool:
    """Put a line of evidence into its chains (chain → pieces, one the federation's), in one transaction.

    `run`: the run's id and a mark of its machine, `number`: of the line, from 1. False where it is there
    already. Raises `OperationFailed` where the server does not answer, `sqlalchemy.exc.DBAPIError` where the
    line does not follow on what is there.
    """
    documents = [{"chain": chain, "pieces": list(made)} for chain, made in sorted(records.items())]
    given = {"run": run, "number": number, "sha256": sha256, "records": json.dumps(documents)}
    with telling(), engine.begin() as connection:
        return bool(connection.execute(_NOTE, given).scalar_one())
