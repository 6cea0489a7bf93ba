"""What was asked for by a signature is asked for by it once, and workers judge who let work go on."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make them."""
    sql = Path(__file__).with_name("0017_steered.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))
