"""Who may hold a stack: a process of some host, and whether it is gone."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from moyai.engine.stacks import StackId
from moyai.errors import Refused
from moyai.texts import Text, in_japan

_CLOCK_SLACK_SECONDS = 2.0
"""How far a process's computed start may be off: the kernel counts from boot in ticks."""
WAIT = Text(
    "終わるのを待ってから、もう一度実行してください。", "Wait until it ends, then run again."
)


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
    only_looks: bool = False
    """Whether it previews: nothing changes, and it ends soon."""

    def describe(self) -> Text:
        """One line for the person who has to wait."""
        since = in_japan(self.since)
        return Text(
            f"{self.user}@{self.host} のプロセス {self.pid}（{self.command}、{since} から）",
            f"{self.user}@{self.host}, process {self.pid} ({self.command}, since {since})",
        )


def myself(pid: int, command: str, *, only_looks: bool = False) -> Holder:
    """The holder that a command is, by its own process id."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return Holder(
        pid, _user(), socket.gethostname(), _boot_id(), since, command, only_looks=only_looks
    )


def here(by: str) -> bool:
    """Whether a record's writer, `user@host, process 4711`, was of this host."""
    return by.partition(",")[0].rpartition("@")[2] == socket.gethostname()


def is_gone(holder: Holder | None) -> bool:
    """Whether the command (not its engine) is certainly gone."""
    if holder is None or holder.host != socket.gethostname():
        return False
    return holder.boot != _boot_id() or not _exists(holder.pid)


def was_another(pid: int, moment: datetime) -> bool:
    """Whether whoever had this number on this host at a moment is certainly gone.

    The machine was started after it, or the process is gone, or began after it.
    """
    then = moment.timestamp()
    booted = _boot_time()
    if booted is not None and then < booted - _CLOCK_SLACK_SECONDS:
        return True
    if not _exists(pid):
        return True
    started = _start_time(pid, booted)
    return started is not None and started > then + _CLOCK_SLACK_SECONDS


def in_use(stack: StackId, holder: Text | None, remedy: Text = WAIT) -> Refused:
    """The refusal of a stack that somebody else holds; the caller raises it."""
    who = Text("別のコマンド", "another command") if holder is None else holder
    return Refused(
        Text(f"{stack} は {who.ja} が使用中です。", f"{stack} is in use by {who.en}."),
        touched=Text(
            "このスタックには何も変更していません。", "Nothing of this stack was touched."
        ),
        remedy=remedy,
    )


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
