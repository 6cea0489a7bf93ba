"""What follows once an operation is on record: followed to its end, or shown with what comes next."""

from __future__ import annotations

from moyai.operations.database.reader import open_reader
from moyai.operations.database.reading import beside, shown, workers
from moyai.operations.fleet.opening import Office
from moyai_cli.render import Output
from moyai_cli.views.operation_asked import show_planned
from moyai_cli.views.operation_watch import follow_to_end


def show_submitted(
    office: Office, operation: str | None, output: Output, *, wait: bool = False
) -> None:
    """None: it was only to be shown, and was. Raises as `follow_to_end`."""
    if operation is None:
        return
    if wait:
        workspace = office.workspace
        with open_reader(workspace.registry.path, workspace.site.name) as reader:
            follow_to_end(reader.connect, operation, output)
        return
    with office.engine.connect() as connection:
        view, alive = shown(connection, operation), workers(connection)
        others = beside(connection, operation)
    show_planned(view, alive, output, others)
