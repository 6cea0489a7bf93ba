"""A step's command as a process of its own: with a time limit, its output without secrets, line by line."""

from __future__ import annotations

import ctypes
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from moyai.engine.stacks import MASKED
from moyai.runbook.check_commands import MOYAI
from moyai.texts import Text, of_system

GRACE_SECONDS = 60.0
"""How long a command that was told to end may take: a deploy lets what it began end well."""
_LOOK_SECONDS = 0.5
"""How long is waited for output of a command that has ended: what it left running may hold its pipes."""
_LONGEST_LINE = 1 << 20
_MOST_KEPT = 16 << 20
"""Bytes of output after which no more is kept."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_SECRETS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=password[=:])\s*\S+|(?<=passphrase[=:])\s*\S+"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of output, without its end and without secrets."""

    words: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `exit_code` is None where it was not started, or was ended for its time."""

    exit_code: int | None
    why: Text | None
    out: str
    """Its standard output, for checks."""
    kept: bytes
    """Both outputs as they came, without secrets."""


@dataclass(frozen=True, slots=True)
class Programs:
    """How commands are started."""

    moyai: tuple[str, ...]
    """What stands for `moyai`."""
    folder: Path
    environment: Mapping[str, str]
    clean: Callable[[str], str]
    """Takes secrets out that are known."""
    grace_seconds: float = GRACE_SECONDS

    def without_secrets(self, words: str) -> str:
        """Words without known secrets and without what looks like one."""
        words = self.clean(words)
        for pattern in _SECRETS:
            words = pattern.sub(MASKED, words)
        return words

    def run(self, argv: tuple[str, ...], timeout_seconds: float) -> Iterator[Line | Ended]:
        """Run a command to its end; `Ended` comes last. Whoever closes this ends the command."""
        command = (*self.moyai, *argv[1:]) if argv[0] == MOYAI else argv
        try:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        except (OSError, ValueError) as error:
            yield Ended(None, _not_started(argv[0], error), "", b"")
            return
        try:
            yield from _followed(process, timeout_seconds, self)
        finally:
            _end(process, self.grace_seconds)


def _end_with_parent() -> None:
    """In the new process: be told to end where the one that carries the runbook out is killed."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _not_started(program: str, error: OSError | ValueError) -> Text:
    why = of_system(error) if isinstance(error, OSError) else Text("引数", "its arguments")
    return Text(
        f"{program} を起動できません（{why.ja}）。", f"{program} cannot be started: {why.en}."
    )


def _followed(
    process: subprocess.Popen[bytes], timeout_seconds: float, programs: Programs
) -> Iterator[Line | Ended]:
    lines: queue.SimpleQueue[tuple[bool, bytes] | None] = queue.SimpleQueue()
    assert process.stdout is not None
    assert process.stderr is not None
    for stream, is_out in ((process.stdout, True), (process.stderr, False)):
        threading.Thread(target=_read, args=(stream, is_out, lines), daemon=True).start()
    deadline = time.monotonic() + timeout_seconds
    out: list[str] = []
    kept: list[str] = []
    room, open_streams, in_time = _MOST_KEPT, 2, True
    while open_streams:
        try:
            found = lines.get(timeout=min(max(deadline - time.monotonic(), 0.0), _LOOK_SECONDS))
        except queue.Empty:
            in_time = time.monotonic() < deadline
            if not in_time or process.poll() is not None:
                break
            continue
        if found is None:
            open_streams -= 1
            continue
        is_out, content = found
        words = content.decode("utf-8", "replace")
        room -= len(content)
        if room > 0:
            shown = programs.without_secrets(words.rstrip("\r\n"))
            kept.append(shown + "\n")
            if is_out:
                out.append(words)
            yield Line(shown)
    in_time = in_time and _waits(process, deadline)
    code = _end(process, programs.grace_seconds)
    why = None if in_time else _OUT_OF_TIME
    yield Ended(code if in_time else None, why, "".join(out), "".join(kept).encode())


_OUT_OF_TIME = Text("時間内に終わらないので止めました。", "it was ended: it took too long.")


def _waits(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(timeout=max(deadline - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return False
    return True


def _read(
    stream: IO[bytes], is_out: bool, lines: queue.SimpleQueue[tuple[bool, bytes] | None]
) -> None:
    with suppress(ValueError):  # closed meanwhile
        for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
            lines.put((is_out, line))
    lines.put(None)


def _end(process: subprocess.Popen[bytes], grace_seconds: float) -> int:
    """Have a command ended, first as a person would, then for good with all of its group.

    What one leaves running that ends by itself is its own affair: the sandbox goes on.
    """
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=grace_seconds)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
