"""Records say who signed what, and auditors hold chains against the tables."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0016_proved.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
