"""What a command about operations works with: the workspace and the operations database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from moyai.operations.database.logins import Prepared
from moyai.operations.database.lost import telling
from moyai.operations.database.opening import make_ready, operations_engine
from moyai.operations.evidence.catching_up import NOTHING, Waiting, catch_up, put_now
from moyai.operations.evidence.doing import About, Kind, on_record
from moyai.operations.site.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True)
class Office:
    """A site's operations as one command sees them."""

    workspace: Workspace
    engine: sa.Engine
    """As an operator."""
    waiting: Waiting = NOTHING
    """Lines of this machine that no audit chain has yet."""


@contextmanager
def open_office(file: Path | None, site: str, group: str = "moyai_operator") -> Iterator[Office]:
    """Open it; nothing is started. Raises as `open_workspace` and `operations_engine` do, also for a server
    that goes away meanwhile."""
    workspace = open_workspace(file, site)
    with operations_engine(workspace, group) as engine, telling():
        yield Office(workspace, engine, catch_up(workspace))


def prepare_by_hand(workspace: Workspace, operator: str | None, *, new_passwords: bool) -> Prepared:
    """Make or migrate the site's operations database, on record. Raises as `make_ready`."""
    kind: Kind = "new-passwords" if new_passwords else "prepare"
    about = About(kind, workspace.site.name, workspace.registry.sha256, operator)
    with on_record(workspace.runtime.home, about, (), {}):
        prepared = make_ready(workspace, new_passwords=new_passwords)
    put_now(workspace)
    return prepared
