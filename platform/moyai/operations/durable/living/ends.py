"""A worker's end on record: nothing of it is alive, so that workers of other hosts may take its bodies."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.workers import put_end
from moyai.operations.durable.living.processes import Tell


def put_on_record(url: str, worker: str, tell: Tell) -> None:
    """Only for who has seen the last of its processes dead. `url`: of the worker's login."""
    engine = open_engine(make_url(url), pool_size=1, name="moyai-supervisor")
    try:
        with engine.begin() as connection:
            put_end(connection, worker)
    except sa.exc.DBAPIError:
        # The server is away: others find the lease free, and wait for the grace.
        tell(f"worker {worker}: its end could not be put on record")
    finally:
        engine.dispose()
