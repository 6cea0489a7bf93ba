"""Bodies that go on at the same moment go on by one call."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0012"


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0014_together.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
