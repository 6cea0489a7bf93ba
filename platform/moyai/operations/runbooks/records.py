"""What is on record of a run: a file each below the site's home, the owner's alone, replaced whole."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, overload

from moyai.engine.files import disk_trouble, private_folder
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.errors import NOTHING_TOUCHED, OperationFailed, Refused, UsageError
from moyai.registry.words import not_known
from moyai.runbook.commands import Plain
from moyai.runbook.model import Value
from moyai.texts import JAPAN, Text

RunStatus = Literal["running", "waiting", "done", "failed", "stopped", "taking-back", "taken-back"]
"""`waiting`: for an approval or an answer; `stopped`: a person said no; `taking-back`: it goes back only."""
StepStatus = Literal["begun", "done", "noted", "failed", "stopped"]
"""`begun`: its end is not on record; `noted`: a check that does not hold, where the run went on."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is on record of a step; times are ISO 8601 in UTC."""

    status: StepStatus
    begun_at: str
    ended_at: str | None = None
    argv: tuple[str, ...] = ()
    """Without secrets."""
    exit_code: int | None = None
    output_sha256: str | None = None
    """Of the output as it is kept, without secrets."""
    said: str | None = None
    """What was found or answered."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A signature for a step. All of it is somebody's claim until it is judged."""

    by: str
    """The approver's e-mail address."""
    signature: str
    at: str
    """When it was put on record, ISO 8601."""
    signed_at: str | None = None
    """The moment in the signed line, likewise; None: of a version that signed none."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is on record of a run."""

    id: str
    """`r20261126-1`: the day in Asia/Tokyo, and which of that day."""
    runbook: str
    source_sha256: str
    site: str
    person: str
    begun_at: str
    values: Mapping[str, Plain]
    """Parameters, and the answers so far."""
    status: RunStatus = "running"
    steps: Mapping[str, StepRecord] = field(default_factory=dict)
    """By step, in the order of their first beginning; `-NAME` is the undo step NAME."""
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    again: tuple[str, ...] = ()
    """Steps that are to be done once more although they are on record as done."""
    runners: Mapping[str, str] = field(default_factory=dict)
    """E-mail address → signature over the run, of all who carried it on, where steps ask for two persons."""

    def known_values(self) -> dict[str, Value]:
        """The values as templates take them."""
        return {
            name: tuple(one) if isinstance(one, list) else one for name, one in self.values.items()
        }

    def is_done(self, name: str) -> bool:
        """Whether a step ended well, and is not to be done once more."""
        found = self.steps.get(name)
        ended_well = found is not None and found.status in ("done", "noted")
        return ended_well and name not in self.again

    def with_step(self, name: str, step: StepRecord) -> RunRecord:
        """The record with a step's record in it."""
        again = tuple(one for one in self.again if one != name)
        return replace(self, steps={**self.steps, name: step}, again=again)


class RunStore:
    """The runs of one site. Everything it writes is the owner's alone (0600), files replaced whole."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "runbooks"
        self._blobs = FolderBlobs(self.folder)

    def new_id(self, now: datetime) -> str:
        """An id that no other run gets, also of runs that begin at the same moment."""
        day = f"r{now.astimezone(JAPAN):%Y%m%d}"
        private_folder(self.folder)
        for number in range(1, 10_000):
            found = f"{day}-{number}"
            try:
                os.close(os.open(self._lock(found), os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            except OSError as error:
                raise disk_trouble(error, str(self.folder)) from error
            return found
        raise OperationFailed(
            Text("今日の実行が多すぎます。", "there are too many runs of this day."),
            touched=NOTHING_TOUCHED,
        )

    def save(self, record: RunRecord) -> None:
        """Put a record in the place of the one before. Raises `OperationFailed`."""
        content = json.dumps(asdict(record), ensure_ascii=False, indent=1).encode()
        try:
            self._blobs.put(f"{record.id}.json", content)
        except OSError as error:
            raise disk_trouble(error, str(self.folder)) from error

    def load(self, run: str) -> RunRecord:
        """The record of a run. Raises `UsageError` for an unknown one, `OperationFailed` for a damaged one."""
        content = self._blobs.get(f"{run}.json") if run in self.ids() else None
        if content is None:
            message = not_known(run, self.ids(), "実行", "run")
            raise UsageError(Text(f"{message.ja}。", message.en), touched=NOTHING_TOUCHED)
        try:
            return _read(json.loads(content))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise OperationFailed(
                Text(f"実行 {run} の記録が壊れています。", f"the record of {run} is damaged."),
                touched=NOTHING_TOUCHED,
            ) from None

    def ids(self) -> tuple[str, ...]:
        """All runs on record."""
        return tuple(sorted(path.stem for path in self.folder.glob("r*-*.json")))

    def output(self, run: str, step: str, content: bytes) -> None:
        """Keep a step's output, of its last time. Raises `OperationFailed`."""
        try:
            self._blobs.put(f"{run}.output/{step}.log", content)
        except OSError as error:
            raise disk_trouble(error, str(self.folder)) from error

    @contextmanager
    def held(self, run: str) -> Iterator[None]:
        """Be the only one who carries a run out. Raises `Refused` where somebody else does."""
        try:
            handle = os.open(self._lock(run), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_trouble(error, str(self.folder)) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(
                    Text(
                        f"実行 {run} は、いま別のところで進んでいます。",
                        f"{run} is being carried out elsewhere right now.",
                    ),
                    touched=NOTHING_TOUCHED,
                ) from None
            yield
        finally:
            os.close(handle)

    @contextmanager
    def command(self, run: str, wait_seconds: float = 10.0) -> Iterator[int]:
        """Be the only one who runs a command of a run: an open file with a lock, which the command is given.

        Where this process is killed, the lock holds until the command has ended too. Raises `Refused` where
        one still runs after `wait_seconds`.
        """
        place = self.folder / f"{run}.command"
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_trouble(error, str(self.folder)) from error
        try:
            _wait_for(handle, run, time.monotonic() + wait_seconds)
            yield handle
        finally:
            # Unlocked, and not only closed: what a command left running has the file too.
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)

    def _lock(self, run: str) -> Path:
        return self.folder / f"{run}.lock"


def _wait_for(handle: int, run: str, deadline: float) -> None:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            number = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            raise Refused(
                Text(
                    f"実行 {run} が前に始めたコマンドが、まだ動いています（プロセス {number}）。",
                    f"A command that {run} began before still runs (process {number}).",
                ),
                touched=NOTHING_TOUCHED,
                remedy=Text(
                    "終わるのを待つか、そのプロセスを終わらせてから、もう一度実行してください。",
                    "Wait for its end, or end that process; then run this again.",
                ),
            )
        time.sleep(0.2)


def _read(found: dict[str, Any]) -> RunRecord:
    steps = {
        name: StepRecord(**{**one, "argv": tuple(one["argv"])})
        for name, one in found["steps"].items()
    }
    approvals = {name: _approval(one) for name, one in found["approvals"].items()}
    again = tuple(found.get("again", ()))
    return RunRecord(**{**found, "steps": steps, "approvals": approvals, "again": again})


def _approval(found: dict[str, Any]) -> Approval:
    """Without the line that versions before kept beside it."""
    return Approval(**{name: one for name, one in found.items() if name != "line"})


@overload
def moment(written: str) -> datetime: ...


@overload
def moment(written: str | None) -> datetime | None: ...


def moment(written: str | None) -> datetime | None:
    """A moment of a record."""
    return None if written is None else datetime.fromisoformat(written)
