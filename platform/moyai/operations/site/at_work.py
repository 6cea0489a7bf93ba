"""That another command is at a body: waited for by whatever comes after it."""

from __future__ import annotations

from moyai.errors import SiteTrouble


class AtWork(SiteTrouble):
    """Another command is at the body now, which says nothing of the body. Its words name no other body."""
