"""What a secretariat does with costs: files and invoices put on record, and what a period rests on."""

from __future__ import annotations

from pathlib import Path

from moyai.costs.ledger.imports import Imported, Told, Wish, import_files
from moyai.costs.ledger.ledger import Ledger
from moyai.engine.state.ledger_stores import open_ledger_store
from moyai.operations.workspace import Workspace, open_workspace


def open_ledger(workspace: Workspace) -> Ledger:
    """The ledger of a site; the site need not run where its state is a folder."""
    return Ledger(open_ledger_store(workspace.runtime))


def import_costs(
    file: Path | None, site: str, wish: Wish, wait_seconds: float, told: Told
) -> tuple[Imported, ...]:
    """Put files on record. Raises as `import_files`, and `Refused` where another writer does not end."""
    workspace = open_workspace(file, site)
    with open_ledger(workspace).writing("moyai cost import", wait_seconds) as writer:
        return import_files(writer, wish, told)
