"""How a service's migrations, health check and metering are called in its folder: jobs and validation agree."""

from __future__ import annotations

import re
from typing import Literal

MIGRATIONS = "migrations"
HEALTH = "health.sql"
METERING = "metering.sql"
"""May be left out."""
MIGRATION_NAME = re.compile(r"(?P<version>[0-9]{4})_(?P<name>[a-z0-9_]+)\.sql")
"""A migration's whole file name; versions count from 0001 without gaps."""
_PHASE = re.compile(r"--\s*phase:\s*(?P<phase>\S+)\s*")
_HEADER_LINES = 20
PROBE_LINE = re.compile(r"--\s*(?P<key>check|expect):\s*(?P<value>\S+)\s*")
"""A whole line of the health check that begins a statement, or says what it has to answer."""
METER_LINE = re.compile(r"--\s*meter:\s*(?P<name>\S+)\s*")
"""A whole line of the metering that begins a statement."""


def phase_of(sql: str) -> Literal["expand", "contract"] | None:
    """What the comments at a migration's head say once, `-- phase: expand` (the release before this
    one still works with the schema) or `-- phase: contract` (it does not any more); else None."""
    header = [line for line in sql.splitlines()[:_HEADER_LINES] if line.startswith("--")]
    match [found["phase"] for line in header if (found := _PHASE.fullmatch(line))]:
        case ["expand"]:
            return "expand"
        case ["contract"]:
            return "contract"
    return None
