"""Who holds a stack: Moyai's own lock, and the lock files of Pulumi's DIY backends.

Moyai's lock is a `flock` on a file of the stack's work folder. The engine inherits it, so that it
is free exactly when the command, its worker and its engine are all gone, however they ended; the
file's content says who has it, or had it last.

Pulumi's lock is an object `.pulumi/locks/organization/<project>/<stack>/<uuid>.json` with pid,
user name, host name and time; nothing renews it, and whoever is killed leaves it behind. It is
taken for each change, for other hosts and for `pulumi` itself, and taken away only where its owner
is proved dead.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from moyai.engine.files import private_folder
from moyai.engine.stacks import StackId
from moyai.engine.state.blobs import Blobs
from moyai.errors import Refused
from moyai.texts import Text

_POLL_SECONDS = 0.1
_WINDING_DOWN_SECONDS = 30.0
"""How long the engine of a killed command is given to end what it had begun."""
_CLOCK_SLACK_SECONDS = 2.0
"""How far a process's computed start may be off: the kernel counts from boot in ticks."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs a stack. `since` is UTC, ISO 8601."""

    pid: int
    user: str
    host: str
    boot: str
    since: str
    command: str
    engine_pid: int | None = None

    def describe(self) -> Text:
        """One line for the person who has to wait."""
        return Text(
            f"{self.user}@{self.host} のプロセス {self.pid}（{self.command}、{self.since} から）",
            f"{self.user}@{self.host}, process {self.pid} ({self.command}, since {self.since})",
        )


def myself(pid: int, command: str) -> Holder:
    """The holder that a command is, by its own process id."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(pid, _user(), socket.gethostname(), _boot_id(), since, command)


class StackLock:
    """Moyai's lock of one stack, held until `release`."""

    def __init__(self, handle: int, holder: Holder, previous: Holder | None) -> None:
        self.handle = handle
        """The file descriptor that carries the lock; a child that inherits it holds it too."""
        self.holder = holder
        """Who has it."""
        self.previous = previous
        """Who had it last and did not give it back, or None."""

    def note(self, holder: Holder) -> None:
        """Write down who holds it. Raises `OSError` where that cannot be."""
        self.holder = holder
        content = json.dumps(asdict(holder)).encode()
        os.pwrite(self.handle, content.ljust(len(_read(self.handle))), 0)

    def note_engine(self, pid: int) -> None:
        """Write down which engine runs for the holder. Raises as `note` does."""
        self.note(replace(self.holder, engine_pid=pid))

    def release(self) -> None:
        """Give it back, with nobody named in it."""
        os.ftruncate(self.handle, 0)
        os.close(self.handle)


def acquire(
    path: Path,
    stack: StackId,
    holder: Holder,
    wait_seconds: float,
    cancelled: Callable[[], bool],
) -> StackLock:
    """Take a stack's lock, waiting for another holder up to `wait_seconds`.

    Where the holding command is dead and only its engine is still ending what it had begun, that
    is waited for in any case. Raises `Refused` with the holder's name where the lock does not
    become free, or where `cancelled` says so meanwhile.
    """
    private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _decode(_read(handle))
            patience = max(wait_seconds, _WINDING_DOWN_SECONDS if _is_gone(other) else 0.0)
            if time.monotonic() - began >= patience or cancelled():
                os.close(handle)
                raise _refused(stack, other) from None
            time.sleep(_POLL_SECONDS)
        else:
            break
    lock = StackLock(handle, holder, _decode(_read(handle)))
    try:
        lock.note(holder)
    except OSError:
        os.close(handle)
        raise
    return lock


@dataclass(frozen=True, slots=True)
class EngineLock:
    """One lock file of a DIY backend."""

    key: str
    pid: int
    user: str
    host: str
    since: datetime

    def describe(self) -> Text:
        """One line for the person who has to wait."""
        moment = self.since.astimezone(UTC).isoformat(timespec="seconds")
        return Text(
            f"{self.user}@{self.host} の Pulumi（プロセス {self.pid}、{moment} から）",
            f"Pulumi of {self.user}@{self.host} (process {self.pid}, since {moment})",
        )


def clear_engine_locks(
    blobs: Blobs, stack: StackId, previous: Holder | None
) -> tuple[EngineLock, ...]:
    """Take away the lock files whose owner is proved dead; returns those taken away.

    Called with Moyai's own lock in hand: `previous`, who had it last, is therefore gone, and so is
    its engine. Raises `Refused` with the holder's name for a lock that may be alive.
    """
    folder = _folder(stack)
    dead: list[EngineLock] = []
    for key, content in blobs.get_all(folder).items():
        if not key.endswith(".json"):
            continue  # the file backend's own attributes beside the lock
        lock = _engine_lock(key, content)
        if lock is not None and not is_dead(lock, previous):
            raise _refused(stack, lock)
        blobs.delete(key)
        blobs.delete(f"{key}.attrs")
        if lock is not None:
            dead.append(lock)
    return tuple(dead)


def take_engine_lock(blobs: Blobs, stack: StackId, holder: Holder) -> str:
    """Take Pulumi's lock for a command; returns its key, for `Blobs.delete`.

    Raises `Refused` with the other's name where another host was quicker.
    """
    document = {
        "pid": holder.pid,
        "username": holder.user,
        "hostname": holder.host,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    key = f"{_folder(stack)}/{uuid.uuid4()}.json"
    blobs.put(key, json.dumps(document).encode())
    for other, content in blobs.get_all(_folder(stack)).items():
        if other != key and other.endswith(".json"):
            blobs.delete(key)
            raise _refused(stack, _engine_lock(other, content))
    return key


def _folder(stack: StackId) -> str:
    return f".pulumi/locks/organization/{stack.project}/{stack.name}"


def is_dead(lock: EngineLock, previous: Holder | None) -> bool:
    """Whether the owner of an engine's lock is certainly gone.

    On this host only: the machine was started after the lock was made, or the process is gone, or
    its number belongs to a process that began later. A lock of an engine that Moyai itself started
    is also dead once Moyai's lock is free, whatever the host is called by now; so is Moyai's own.
    """
    if (
        previous is not None
        and lock.host == previous.host
        and lock.pid in (previous.pid, previous.engine_pid)
    ):
        return True
    if lock.host != socket.gethostname():
        return False
    made = lock.since.timestamp()
    booted = _boot_time()
    if booted is not None and made < booted - _CLOCK_SLACK_SECONDS:
        return True
    if not _exists(lock.pid):
        return True
    started = _start_time(lock.pid, booted)
    return started is not None and started > made + _CLOCK_SLACK_SECONDS


def _engine_lock(key: str, content: bytes) -> EngineLock | None:
    """None for a file that was cut off while it was written: its owner died in that moment."""
    try:
        document = json.loads(content)
        return EngineLock(
            key,
            int(document["pid"]),
            str(document["username"]),
            str(document["hostname"]),
            datetime.fromisoformat(document["timestamp"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _refused(stack: StackId, other: Holder | EngineLock | None) -> Refused:
    who = Text("別のコマンド", "another command") if other is None else other.describe()
    return Refused(
        Text(f"{stack} は {who.ja} が使用中です。", f"{stack} is in use by {who.en}."),
        touched=Text(
            "このスタックには何も変更していません。", "Nothing of this stack was touched."
        ),
        remedy=_remedy(stack, other),
    )


def _remedy(stack: StackId, other: Holder | EngineLock | None) -> Text:
    if isinstance(other, EngineLock) and other.host != socket.gethostname():
        return Text(
            f"{other.host} で動いているか確かめてください。動いていなければ "
            f"pulumi cancel --stack organization/{stack} で解除できます。",
            f"See whether it still runs on {other.host}; if it does not, release it with "
            f"pulumi cancel --stack organization/{stack}.",
        )
    return Text(
        "終わるのを待ってから、もう一度実行してください。",
        "Wait until it ends, then run again.",
    )


def _is_gone(holder: Holder | None) -> bool:
    """Whether the command (not its engine) is certainly gone."""
    if holder is None or holder.host != socket.gethostname():
        return False
    return holder.boot != _boot_id() or not _exists(holder.pid)


def _read(handle: int) -> bytes:
    return os.pread(handle, 65536, 0)


def _decode(content: bytes) -> Holder | None:
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _boot_time() -> float | None:
    """Seconds since the epoch, or None where the kernel does not tell."""
    try:
        for line in Path("/proc/stat").read_text().splitlines():
            if line.startswith("btime "):
                return float(line.split()[1])
    except OSError:
        return None
    return None


def _exists(pid: int) -> bool:
    """Whether a process with this number runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _stat(pid)[:1] != ["Z"]


def _start_time(pid: int, booted: float | None) -> float | None:
    fields = _stat(pid)
    if booted is None or len(fields) < 20:
        return None
    return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/<pid>/stat` from the third, the state, on; empty elsewhere."""
    if sys.platform != "linux":
        return []
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
