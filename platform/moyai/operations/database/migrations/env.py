"""What Alembic runs: the migrations on the connection that `prepare` hands over."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="moyai",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
