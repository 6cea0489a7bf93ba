"""Embedded PostgreSQL: instances of their own folders, reached over TCP on the loopback only."""
