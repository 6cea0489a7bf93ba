"""Operations, bodies, steps, approvals, debts, workers, audit chains."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0001_operations.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
