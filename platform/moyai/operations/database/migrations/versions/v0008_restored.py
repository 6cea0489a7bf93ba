"""A database that was restored from an older copy: noticed, declared, and never taken for the lost one."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0008_restored.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
