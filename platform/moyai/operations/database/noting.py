"""What runbooks did, put into the audit chains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa

from moyai.audit.details import checked, plain
from moyai.audit.notes import Note
from moyai.operations.database.lost import telling

NOT_THAT_LINE = "MY007"
"""SQLSTATE: another line has its number, or the one before is not there."""
_NOTED = sa.text("SELECT coalesce(max(number), 0) FROM moyai.runbook_note WHERE run = :run")
_NOTE = sa.text("SELECT moyai.note_runbook(:run, :number, :sha256, CAST(:records AS jsonb))")


def note(engine: sa.Engine, run: str, number: int, sha256: str, notes: Mapping[str, Note]) -> bool:
    """Put a line of evidence into its chains (one the federation's), in one transaction.

    `run`: the run's id and a mark of its machine, `number`: of the line, from 1. False where it is there
    already. TypeError where details are not plain values. Raises `OperationFailed` where the server does not
    answer, `sqlalchemy.exc.DBAPIError` where the line does not follow on what is there.
    """
    records = [
        {"chain": chain, **asdict(one), "details": plain(checked(one.details))}
        for chain, one in sorted(notes.items())
    ]
    told = json.dumps(records, ensure_ascii=False)
    given = {"run": run, "number": number, "sha256": sha256, "records": told}
    with telling(), engine.begin() as connection:
        return bool(connection.execute(_NOTE, given).scalar_one())


def noted(engine: sa.Engine, run: str) -> int:
    """How many lines of a run are in the chains; fewer than a machine knows of where the database was restored
    from an older copy. Raises `OperationFailed` where the server does not answer."""
    with telling(), engine.connect() as connection:
        return int(connection.execute(_NOTED, {"run": run}).scalar_one())
