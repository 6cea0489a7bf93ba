"""Lines of what was done on a machine, by runbooks and by hand, put into the audit chains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

import sqlalchemy as sa

from moyai.audit.details import checked, plain
from moyai.audit.notes import Note
from moyai.operations.database.lost import telling

NOT_THAT_LINE = "MY007"
"""SQLSTATE: another line has its number, or the one before is not there."""
Of = Literal["runbook", "deed"]
_NOTED = sa.text("SELECT coalesce(max(number), 0) FROM moyai.line_note WHERE key = :key")
_NOTE: Mapping[Of, sa.TextClause] = {
    "runbook": sa.text(
        "SELECT moyai.note_runbook(:key, :number, :sha256, CAST(:records AS jsonb))"
    ),
    "deed": sa.text("SELECT moyai.note_deed(:key, :number, :sha256, CAST(:records AS jsonb))"),
}


def note(
    engine: sa.Engine,
    key: str,
    number: int,
    sha256: str,
    notes: Mapping[str, Note],
    of: Of = "runbook",
) -> bool:
    """Put a line into its chains (one the federation's), in one transaction.

    `key`: the id of the run or deed and a mark of its machine, `number`: of the line, from 1. False where it is
    there already. TypeError where details are not plain values. Raises `OperationFailed` where the server does
    not answer, `sqlalchemy.exc.DBAPIError` where the line does not follow on what is there.
    """
    records = [
        {"chain": chain, **asdict(one), "details": plain(checked(one.details))}
        for chain, one in sorted(notes.items())
    ]
    told = json.dumps(records, ensure_ascii=False)
    given = {"key": key, "number": number, "sha256": sha256, "records": told}
    with telling(), engine.begin() as connection:
        return bool(connection.execute(_NOTE[of], given).scalar_one())


def noted(engine: sa.Engine, key: str) -> int:
    """How many lines of a run or deed are in the chains; fewer than a machine knows of where the database was
    restored from an older copy. Raises `OperationFailed` where the server does not answer."""
    with telling(), engine.connect() as connection:
        return int(connection.execute(_NOTED, {"key": key}).scalar_one())
