"""Which version of the operations database's tables this code needs."""

from __future__ import annotations

VERSION = "0018"
"""The newest migration that this code needs."""


def is_old(found: object) -> bool:
    """Whether a database of that version (None: it has no tables) has to be migrated first."""
    return found is None or str(found) < VERSION
