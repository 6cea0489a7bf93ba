"""Names of databases beside a subscription's own: short-lived ones, and one that was replaced. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

_LIMIT = 63
"""Bytes of a name in PostgreSQL."""
USES: Mapping[str, str] = {
    "test": "_restore_test",
    "restored": "_restored",
    "before": "_before_restore",
}
"""What for → how its name ends: a backup that is tried out, one that is to be put into place, and the
database that it replaced."""


def name(database: str, use: str) -> str:
    """The name of one, where need be shortened so that different ones stay different."""
    end = USES[use]
    if len(database) + len(end) <= _LIMIT:
        return database + end
    digest = hashlib.sha256(database.encode()).hexdigest()[:8]
    return f"{database[: _LIMIT - len(end) - 9]}_{digest}{end}"


def names(database: str) -> tuple[str, ...]:
    """All of them."""
    return tuple(name(database, use) for use in USES)
