"""What the driver is asked to do, and what it tells while it does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from moyai.errors import MoyaiError
from moyai.texts import Text

Action = Literal["up", "preview", "refresh", "destroy"]
Op = Literal["create", "update", "replace", "delete", "same", "refresh", "read", "import"]

MASKED = "[secret]"
"""What stands where a secret output's value would."""


@dataclass(frozen=True, slots=True, order=True)
class StackId:
    """A stack: `organization/<project>/<name>` in a DIY backend."""

    project: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"


@dataclass(frozen=True, slots=True)
class StackRun:
    """One run of one stack's program."""

    stack: StackId
    program: Path
    """The program's `__main__.py`."""
    config: Mapping[str, str]
    """Full keys, `moyai:site` → value; no secrets."""
    action: Action
    refresh: bool = False
    """Read everything that is live before the update."""
    gives_way: bool = False
    """Where another command had to be waited for, end without having begun: what that did may
    have changed whether and how this is to run."""
    after_another: bool = False
    """Another command was at the stack when this was asked for: it counts as waited for, even where
    it has ended by the time that a worker comes to the lock."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, or would happen, to one resource."""

    op: Op
    type: str
    name: str
    """The logical name in the program."""
    properties: tuple[str, ...] = ()
    """Paths of the inputs that differ, for updates and replacements."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `ok` exactly where `error` is None."""

    stack: StackId
    ok: bool
    steps: tuple[Step, ...]
    """All but `same`, in the engine's order."""
    drift: tuple[Step, ...]
    """What a refresh found different from the checkpoint: `update` changed, `delete` gone."""
    outputs: Mapping[str, object]
    """Of the stack after the run; secret ones are `MASKED`. Empty for a preview."""
    checkpoint_sha256: str | None
    seconds: float
    error: MoyaiError | None = None
    repaired: tuple[Text, ...] = ()
    """What an earlier, killed run had left behind and this one settled."""
    summary: Mapping[str, int] = field(default_factory=dict)
    """Op → number of resources, `same` included."""
    gave_way: bool = False
    """It waited for another command and did not begin, as its run asks for."""
    begun: bool = True
    """Whether a worker took it."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A worker has taken the stack."""

    stack: StackId


@dataclass(frozen=True, slots=True)
class ResourceMoved:
    """One resource began (`done` false) or ended a step."""

    stack: StackId
    step: Step
    done: bool


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended."""

    stack: StackId
    result: RunResult


RunEvent = RunStarted | ResourceMoved | RunFinished
"""What a driver tells of its runs; each ends with one `RunFinished`."""
