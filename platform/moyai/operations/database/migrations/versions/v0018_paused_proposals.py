"""A proposal that somebody has paused goes on by a signature alone."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0018_paused_proposals.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
