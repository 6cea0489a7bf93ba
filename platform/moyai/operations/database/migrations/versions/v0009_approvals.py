"""What of approvals the database asks itself; by which tenants.yaml operations were planned."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

_PARTS = ("wanted", "files")
"""Each a file."""


def upgrade() -> None:
    """Make them."""
    for part in _PARTS:
        name = f"{revision}_{part}.sql"
        sql = Path(__file__).with_name(name).read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
