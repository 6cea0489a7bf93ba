"""What kinds of operations know of the site: one session, renewed when tenants.yaml changes."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from moyai.operations.session import Session, open_session


class SiteSource:
    """Opens the site for steps. May be used by several threads.

    tenants.yaml is read again when its content has changed; records are read anew for each session,
    as other commands and workers write them.
    """

    def __init__(self, file: Path, site: str) -> None:
        self._file = file
        self._site = site
        self._lock = threading.Lock()
        self._known: tuple[str, Session] | None = None

    @property
    def file(self) -> Path:
        """tenants.yaml."""
        return self._file

    @property
    def site(self) -> str:
        """The site's name."""
        return self._site

    def session(self) -> Session:
        """A session with what is on record now. Raises as `open_session` does."""
        digest = hashlib.sha256(self._file.read_bytes()).hexdigest()
        with self._lock:
            if self._known is None or self._known[0] != digest:
                self._known = (digest, open_session(self._file, self._site))
            return self._known[1].anew()
