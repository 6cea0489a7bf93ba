"""How a service's migrations and health check are called in its folder: jobs and validation agree."""

from __future__ import annotations

import re

MIGRATIONS = "migrations"
HEALTH = "health.sql"
MIGRATION_NAME = re.compile(r"(?P<version>[0-9]{4})_(?P<name>[a-z0-9_]+)\.sql")
"""A migration's whole file name; versions count from 0001 without gaps."""
PROBE_LINE = re.compile(r"--\s*(?P<key>check|expect):\s*(?P<value>\S+)\s*")
"""A whole line of the health check that begins a statement, or says what it has to answer."""
