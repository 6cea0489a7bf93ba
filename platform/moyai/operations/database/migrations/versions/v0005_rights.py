"""Logins write nothing but through functions that check first and put on record what they did."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

_PARTS = ("records", "persons", "carrying", "conducting", "workers", "notices", "rights")
"""Each a file; the last takes away what the functions of the others make needless."""


def upgrade() -> None:
    """Make them."""
    for part in _PARTS:
        name = f"{revision}_{part}.sql"
        sql = Path(__file__).with_name(name).read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
