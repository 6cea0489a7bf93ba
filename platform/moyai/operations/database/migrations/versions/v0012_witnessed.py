"""Records of workers that are gone, of bodies that others carry on, of waves that are held."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0012_witnessed.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
