"""What a worker has for all of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from moyai.engine.stacks import StackId
from moyai.engine.state.backends import open_blobs
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.worker.host import Host
from moyai.engine.worker.log import Redactor
from moyai.engine.worker.messages import Setup
from moyai.engine.worker.secrets import Secrets
from moyai.engine.worker.service import Service


@dataclass(frozen=True, slots=True)
class Equipment:
    """One of each for the worker's whole life."""

    setup: Setup
    control: Connection
    """The worker's end of the pipe between it and the driver."""
    host: Host
    redactor: Redactor
    store: CheckpointStore
    secrets: Secrets
    service: Service

    def work_folder(self, stack: StackId) -> Path:
        """Where a stack's lock, project files and log of creates are."""
        return self.setup.home / "work" / stack.project / stack.name


def equip(setup: Setup, control: Connection, host: Host, redactor: Redactor) -> Equipment:
    """Open what a site's state needs, and serve it to engines.

    Raises `UsageError` for a state backend that cannot be used, `OperationFailed` where nobody is
    signed in.
    """
    store = CheckpointStore(open_blobs(setup.state_backend, setup.environment))
    secrets = Secrets(setup.environment)
    return Equipment(setup, control, host, redactor, store, secrets, Service(store, secrets))
