"""The server's clock, by which everything on record is dated."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

_NOW = sa.text("SELECT clock_timestamp()")


def server_now(connection: sa.Connection) -> datetime:
    """What it says at this moment, also within a transaction."""
    found: datetime = connection.execute(_NOW).scalar_one()
    return found
