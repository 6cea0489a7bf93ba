"""What a command works with, opened once: registry, site, records, history, engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.engine.state.documents import open_documents, open_records
from moyai.infra.packages import BODY_MODULES, MODULES
from moyai.operations.site.history import History
from moyai.operations.site.site_state import SiteState
from moyai.operations.site.workspace import Workspace, open_workspace
from moyai.planning.plans import Plan
from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.engine.driver.driver import Driver


@dataclass(frozen=True, slots=True)
class Session:
    """An opened workspace with what is on record."""

    workspace: Workspace
    state: SiteState
    history: History

    def anew(self) -> Session:
        """The same workspace with records that are read anew: others may have written them."""
        runtime = self.workspace.runtime
        state = SiteState(open_records(runtime), open_checkpoints(runtime), runtime.doubts)
        return Session(self.workspace, state, self.history)

    def make_ready(self) -> Text | None:
        """Have the site ready, as `SiteRuntime.ensure_ready`; what it says was started.

        Where something was, plans made before hold no longer: it may have lost changes, and tells
        so only then.
        """
        started = self.workspace.runtime.ensure_ready()
        if started is not None:
            self.state.doubt_anew()
        return started

    @contextmanager
    def driver(
        self, jobs: int | None, wait_seconds: float = 0.0, imports: tuple[str, ...] = MODULES
    ) -> Iterator[Driver]:
        """A driver for this site; `imports` as of `Driver`. Its workers and plugins start with the
        first run. A signal meanwhile lets what has begun end well (`Driver.cancelled`)."""
        # The driver brings the Pulumi SDK and gRPC along: half a second that a command which finds
        # nothing to do should not spend.
        from moyai.engine.driver.driver import Driver
        from moyai.engine.toolchain import ensure

        engine = ensure().path
        runtime, wait = self.workspace.runtime, wait_seconds
        driver = Driver(runtime, engine, jobs, wait_seconds=wait, imports=imports)
        with driver.heeding_signals(), driver:
            yield driver


def open_session(file: Path | None, site: str) -> Session:
    """Open everything that is only read: starts nothing.

    Raises `RegistryError`, `UsageError`, and `OperationFailed` for damaged records.
    """
    return session_of(open_workspace(file, site))


def session_of(workspace: Workspace) -> Session:
    """The same of a workspace that is open. Raises `OperationFailed` for damaged records."""
    runtime = workspace.runtime
    state = SiteState(open_records(runtime), open_checkpoints(runtime), runtime.doubts)
    return Session(workspace, state, History(open_documents(runtime)))


def imports_of(plan: Plan) -> tuple[str, ...]:
    """What the stacks of a plan that run are to find imported, as of `Driver`."""
    return MODULES if any(stack.runs for stack in plan.foundation) else BODY_MODULES
