"""Alembic's migrations of the schema `moyai`; run by `moyai.operations.database.prepare`."""
