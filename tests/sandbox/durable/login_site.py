"""An operation on one body, and the logins that are at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from tests.planned import create
from tests.sandbox.hands import begin, register

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.durable.carrying.ledger import Ledger, Taken

CODE = "100000"


@dataclass
class Site:
    """Logins of each group, and an operation on one body."""

    operator: sa.Engine
    worker: sa.Engine
    folder: Path
    operation: str = ""

    def plan(self, bodies: int = 1, **limits: int) -> str:
        with self.operator.begin() as connection:
            self.operation = create(connection, make_plan(self.folder, bodies, **limits), None)
        return self.operation

    def begin(self, code: str = CODE) -> Taken:
        assert begin(self.worker, self.operation, code)
        with self.operator.connect() as connection:
            body = next(one for one in shown(connection, self.operation).bodies if one.code == code)
        taken = Ledger(self.worker, "w1").take(self.operation, code, body.attempts)
        assert taken is not None
        return taken

    def end(self, taken: Taken, status: str) -> None:
        error = None if status == "done" else {"what": {"ja": "だめ", "en": "bad"}}
        Ledger(self.worker, "w1").finish(taken, status, error=error)

    def status(self) -> tuple[str, str]:
        with self.operator.connect() as connection:
            view = shown(connection, self.operation)
        return view.row.status, view.bodies[0].status

    def refused(self, engine: sa.Engine, statement: str, **given: object) -> str:
        """SQLSTATE with which the database refuses something."""
        with pytest.raises(sa.exc.DBAPIError) as caught, engine.begin() as connection:
            connection.execute(sa.text(statement), {"id": self.operation, **given})
        return str(getattr(caught.value.orig, "sqlstate", None))


@contextmanager
def login_site(places: Logins, folder: Path) -> Iterator[Site]:
    """With the worker `w1`."""
    operator, worker = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    register(worker)
    yield Site(operator, worker, folder)
    operator.dispose()
    worker.dispose()
