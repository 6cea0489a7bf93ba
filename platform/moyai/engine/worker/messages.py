"""What the driver and its workers say to each other, over a pipe between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from moyai.engine.stacks import ResourceMoved, StackId, StackRun, Step
from moyai.errors import FileTrouble, MoyaiError, OperationFailed, Refused, SiteTrouble
from moyai.registry.problems import RegistryError
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Setup:
    """What all workers of a driver share."""

    engine: Path
    home: Path
    state_backend: str
    secrets_provider: str
    salt: str | None
    """The state of the passphrase's secrets manager for new stacks; None with a key's URL."""
    environment: Mapping[str, str]
    """All variables of engines and programs, the caller's own ones included."""
    packages: tuple[str, ...]
    """Provider packages without a default provider."""
    parallel: int
    """Resource operations of one engine at a time."""
    driver_pid: int
    command: str
    """The command as a person typed it; named to those who have to wait for it."""
    wait_seconds: float
    """How long a run waits for another command on the same stack."""
    account_id: str
    region: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One run for a worker."""

    run: StackRun
    providers: str
    """`PULUMI_DEBUG_PROVIDERS`."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the run in hand: let what has begun end well, or, where `hard`, kill the engine."""

    hard: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A `MoyaiError`, taken apart so that it passes a pipe."""

    refused: bool
    what: Text
    touched: Text | None
    remedy: Text | None
    of: Literal["stack", "site", "file"] = "stack"
    """What it is said of: the site, or tenants.yaml, cannot be read, which says nothing of the stack."""

    def error(self) -> MoyaiError:
        """The error again."""
        kinds = {"site": SiteTrouble, "file": FileTrouble, "stack": OperationFailed}
        kind = Refused if self.refused else kinds[self.of]
        return kind(self.what, touched=self.touched, remedy=self.remedy)


def failure_of(error: MoyaiError) -> Failure:
    """An error taken apart. What is neither a refusal nor of the site is a failure, whatever its class was."""
    of: Literal["stack", "site", "file"] = "stack"
    if isinstance(error, (RegistryError, FileTrouble)):
        of = "file"
    elif isinstance(error, SiteTrouble):
        of = "site"
    return Failure(isinstance(error, Refused), error.what, error.touched, error.remedy, of)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    steps: tuple[Step, ...] = ()
    drift: tuple[Step, ...] = ()
    outputs: Mapping[str, object] | None = None
    checkpoint_sha256: str | None = None
    seconds: float = 0.0
    failure: Failure | None = None
    repaired: tuple[Text, ...] = ()
    summary: Mapping[str, int] | None = None
    gave_way: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """The worker has the stack."""

    stack: StackId


@dataclass(frozen=True, slots=True)
class Progress:
    """Resources began and ended steps: all that was seen at one look."""

    moved: tuple[ResourceMoved, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The worker is done with the stack, and free unless it retires."""

    stack: StackId
    outcome: Outcome
    modules: tuple[str, ...]
    """Modules that programs imported since the worker began, worth importing before the fork."""
    retires: bool
    """It has grown too large and ends now."""


FromWorker = Started | Progress | Ended
