"""What workers put on record, done by hand with their own functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

_REGISTER = sa.text("SELECT moyai.register_worker(:worker, :lease, :host, 0, 0, 'moyai-1')")
_WAVE = sa.text("SELECT wave FROM moyai.body WHERE operation_id = :id AND code = :code")
_CONDUCT = sa.text(
    "SELECT moyai.conduct(id, CAST(xmin AS text), :status, NULL, '[]', CAST(:waves AS jsonb), "
    "CAST(:codes AS text[])) FROM moyai.operation WHERE id = :id"
)


def register(worker: sa.Engine, name: str = "w1", host: str = "here", lease: int = 1) -> None:
    """Put a worker on record, unless it is there."""
    with worker.begin() as connection:
        known = sa.text("SELECT true FROM moyai.worker WHERE id = :worker")
        given = {"worker": name, "host": host, "lease": lease}
        if not connection.execute(known, given).scalar():
            connection.execute(_REGISTER, given)


def conduct(
    worker: sa.Engine, operation: str, status: str | None = None, begin: Sequence[str] = ()
) -> object:
    """Decide that an operation becomes something, or that bodies begin; what the database says to it."""
    with worker.begin() as connection:
        given = {"id": operation, "status": status, "waves": "[]", "codes": list(begin)}
        return connection.execute(_CONDUCT, given).scalar()


def begin(worker: sa.Engine, operation: str, code: str) -> object:
    """Begin a body, with its operation and its wave where they do not run; what the database says to it."""
    with worker.begin() as connection:
        wave = connection.execute(_WAVE, {"id": operation, "code": code}).scalar_one()
        now = datetime.now(UTC).isoformat()
        waves = json.dumps([{"number": wave, "status": "running", "began_at": now}])
        given = {"id": operation, "status": "running", "waves": waves, "codes": [code]}
        return connection.execute(_CONDUCT, given).scalar()


def hold_at_gate(worker: sa.Engine, operation: str, code: str) -> None:
    """Find a body that is done unwell after its wave's soak, which is over."""
    with worker.begin() as connection:
        wave = connection.execute(_WAVE, {"id": operation, "code": code}).scalar_one()
        now = datetime.now(UTC).isoformat()
        waves = json.dumps([{"number": wave, "status": "soaking", "soak_until": now}])
        given = {"id": operation, "status": None, "waves": waves, "codes": []}
        assert connection.execute(_CONDUCT, given).scalar() == []
        hold = sa.text("SELECT moyai.hold_at_gate(:id, CAST(:unwell AS jsonb))")
        unwell = [{"code": code, "error": {}, "signature": "soak: unwell"}]
        connection.execute(hold, {"id": operation, "unwell": json.dumps(unwell)})
