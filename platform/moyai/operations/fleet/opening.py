"""What a command about operations works with: the workspace and the operations database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from moyai.operations.database.lost import telling
from moyai.operations.database.opening import operations_engine
from moyai.operations.site.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True)
class Office:
    """A site's operations as one command sees them."""

    workspace: Workspace
    engine: sa.Engine
    """As an operator."""


@contextmanager
def open_office(file: Path | None, site: str, group: str = "moyai_operator") -> Iterator[Office]:
    """Open it; nothing is started. Raises as `open_workspace` and `operations_engine` do, also for a server
    that goes away meanwhile."""
    workspace = open_workspace(file, site)
    with operations_engine(workspace, group) as engine, telling():
        yield Office(workspace, engine)
