"""The lock files of Pulumi's DIY backends.

An object `.pulumi/locks/organization/<project>/<stack>/<uuid>.json` with pid, user name, host name
and time; nothing renews it, and whoever is killed leaves it behind. It is taken for each change,
for other hosts and for `pulumi` itself, and taken away only where its owner is proved dead.
"""

from __future__ import annotations

import json
import socket
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from moyai.engine.stacks import StackId
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.holders import WAIT, Holder, in_use, was_another
from moyai.errors import Refused
from moyai.texts import Text, in_japan


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
        moment = in_japan(self.since)
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
    return lock.host == socket.gethostname() and was_another(lock.pid, lock.since)


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


def _refused(stack: StackId, other: EngineLock | None) -> Refused:
    if other is None:
        return in_use(stack, None)
    remedy = WAIT
    if other.host != socket.gethostname():
        remedy = Text(
            f"{other.host} で動いているか確かめてください。動いていなければ "
            f"pulumi cancel --stack organization/{stack} で解除できます。",
            f"See whether it still runs on {other.host}; if it does not, release it with "
            f"pulumi cancel --stack organization/{stack}.",
        )
    return in_use(stack, other.describe(), remedy)
