"""Which tenants.yaml is the newest: said by who plans, held against what was applied and planned by before."""

from __future__ import annotations

from moyai.engine.state.documents import open_documents
from moyai.errors import OperationFailed
from moyai.operations.database.files import note_file, older_file, planned_files
from moyai.operations.fleet.opening import Office
from moyai.operations.site.history import (
    AppliedFile,
    History,
    commit_of,
    in_order,
    superseded,
)
from moyai.operations.site.workspace import Workspace
from moyai.registry.models import Operator
from moyai.texts import Text


def plan_by(office: Office, by: Operator, *, allow_older: bool = False) -> None:
    """Put on record that a plan is about to be made by this file. Raises `Refused` for an older one, unless
    `allow_older`."""
    registry, site = office.workspace.registry, office.workspace.site.name
    with office.engine.connect() as connection:
        planned = planned_files(connection, site)
    found = superseded(registry, in_order(_applied(office.workspace), planned))
    if found is not None and not allow_older:
        raise older_file(found.by.at)
    commit = commit_of(registry.path)
    with office.engine.begin() as connection:
        # What speaks for a file that was there before has been asked just now.
        note_file(connection, site, registry.sha256, commit, f"operator:{by.email}", follows=True)


def declare(office: Office, by: Operator) -> Text:
    """Say that this file is the newest, though it was there before: it was put back on purpose."""
    registry, site = office.workspace.registry, office.workspace.site.name
    commit = commit_of(registry.path)
    with office.engine.begin() as connection:
        note_file(connection, site, registry.sha256, commit, f"operator:{by.email}", follows=True)
    short = registry.sha256[:12]
    return Text(
        f"この tenants.yaml（SHA-256 {short}…）を最新として記録しました。ほかのファイルのワーカーは、"
        "これを受け取るまで何も始めません。",
        f"This tenants.yaml (SHA-256 {short}…) is on record as the newest. Workers with an older one begin "
        "nothing until they are given it.",
    )


def _applied(workspace: Workspace) -> tuple[AppliedFile, ...]:
    try:
        return History(open_documents(workspace.runtime)).entries()
    except OperationFailed:
        return ()  # damaged: what was planned by is known all the same
