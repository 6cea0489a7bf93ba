"""What kinds of operations know of the site: one session, renewed when the files that it rests on change."""

from __future__ import annotations

import threading
from pathlib import Path

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Unreadable
from moyai.operations.site.session import Session, open_session
from moyai.registry.load import require


class SiteSource:
    """Opens the site for steps. May be used by several threads.

    A session is never older than tenants.yaml and the services' manifests, migrations and health checks
    were when it was asked for. Programs and components are read anew with each plan, records for each
    session, as other commands and workers write them.
    """

    def __init__(self, file: Path, site: str) -> None:
        self._file = file
        self._site = site
        self._lock = threading.Lock()
        self._known: Session | None = None

    @property
    def file(self) -> Path:
        """tenants.yaml."""
        return self._file

    @property
    def site(self) -> str:
        """The site's name."""
        return self._site

    def session(self) -> Session:
        """A session with what is on record now. Raises `Unreadable`, caused by what `open_session` raises."""
        try:
            with self._lock:
                registry = require(self._file)  # the one it read last, where nothing has changed
                if self._known is None or self._known.workspace.registry is not registry:
                    self._known = open_session(self._file, self._site)
                return self._known.anew()
        except MoyaiError as error:
            raise Unreadable from error
