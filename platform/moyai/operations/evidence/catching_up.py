"""What waits on this machine, put into the audit chains by whoever reaches the operations database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from moyai.errors import MoyaiError
from moyai.operations.evidence.chaining import Chaining, put_one
from moyai.operations.evidence.deeds import DeedFiles, deed_files
from moyai.operations.evidence.lines import LineFiles
from moyai.operations.evidence.runs import run_files
from moyai.operations.site.workspace import Workspace
from moyai.texts import Text

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Waiting:
    """Lines that are in no chain yet."""

    lines: int
    why: Text | None = None
    """As far as it was tried."""


NOTHING = Waiting(0)
"""All is in the chains."""


def files_of(workspace: Workspace) -> tuple[DeedFiles, LineFiles]:
    """All that may wait: deeds by hand, and evidence of runbooks."""
    home = workspace.runtime.home
    return deed_files(home), run_files(home)


def waiting(workspace: Workspace) -> int:
    """How many lines wait on this machine. Reads files alone."""
    return sum(files.all_waiting() for files in files_of(workspace))


def catch_up(workspace: Workspace) -> Waiting:
    """Put what waits on this machine into the chains, as an operator; what still waits.

    Where nothing waits, the database is left alone. It is never waited for long.
    """
    if not any(files.ids() for files in files_of(workspace)):
        return NOTHING
    deeds, runs = files_of(workspace)
    with closing(Chaining(deeds, partial(operators, workspace), runs)) as chaining:
        lines = chaining.catch_up()
        return Waiting(lines, chaining.why)


def put_now(workspace: Workspace) -> None:
    """The same where this site's operations database is known to be in use; else lines wait for its first use.

    Whoever did something by hand is held up by nothing of this.
    """
    if is_in_use(workspace):
        with suppress(MoyaiError, OSError):
            catch_up(workspace)


def is_in_use(workspace: Workspace) -> bool:
    """Whether this machine has logins of the site's operations database. Looks at files alone."""
    return any((workspace.runtime.home / "operations").glob("pgpass*"))


def put_deeds(deeds: DeedFiles, engine: sa.Engine) -> Text | None:
    """Put what waits of deeds into the chains by an engine that is open, as a worker does; why some still wait.

    Raises `OperationFailed` where the server does not answer.
    """
    why = None
    for one in deeds.ids():
        deeds.before_putting(one)
        if deeds.waiting(one):
            why = put_one(deeds, one, engine) or why
    return why


@contextmanager
def operators(workspace: Workspace) -> Iterator[sa.Engine]:
    """The operations database as an operator. Raises as `operations_engine`."""
    # Imported where it is needed: most commands have nothing to put.
    from moyai.operations.database.opening import operations_engine

    with operations_engine(workspace) as engine:
        yield engine
