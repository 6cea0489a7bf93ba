"""A step's command as a process of its own: with a time limit, its output without secrets, line by line."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from moyai.operations.runbooks.pipes import Pipes
from moyai.operations.runbooks.redacting import Redacting
from moyai.operations.runbooks.variables import STEP_MARK, variables_for
from moyai.operations.site.processes import in_session, kill, look
from moyai.runbook.check_commands import MOYAI
from moyai.texts import Text, of_system

GRACE_SECONDS = 60.0
"""How long a command that was told to end may take: a deploy lets what it began end well."""
_LOOK_SECONDS = 0.5
"""How long is waited for output of a command that has ended: what it left running may hold its pipes."""
_LEFT_SECONDS = 2.0
"""How long what a command left behind may take to end, each time that it is told to."""
_POLL_SECONDS = 0.05
_DRAIN_SECONDS = 5.0
"""How long output is read of a command that has ended: what it left running may write on and on."""
_MOST_KEPT = 16 << 20
"""Bytes of output after which no more is kept."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


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
    """Of which each program gets what it needs (`variables`)."""
    clean: Callable[[str], str]
    """Takes secrets out that are known."""
    grace_seconds: float = GRACE_SECONDS

    def without_secrets(self, words: str) -> str:
        """Words without known secrets and without what looks like one."""
        return Redacting(self.clean).line(words)

    def run(
        self, argv: tuple[str, ...], timeout_seconds: float, lock: int | None = None
    ) -> Iterator[Line | Ended]:
        """Run a command to its end; `Ended` comes last. Whoever closes this ends the command.

        `lock`: an open file that the command has too, so that its lock holds for as long as the command is
        there, also where this process is killed; the command's number is written into it.
        """
        command = (*self.moyai, *argv[1:]) if argv[0] == MOYAI else argv
        step = secrets.token_hex(16)
        try:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**variables_for(argv[0], self.environment), STEP_MARK: step},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
                preexec_fn=_before(os.getpid(), lock),
            )
        except (OSError, ValueError) as error:
            yield Ended(None, _not_started(argv[0], error), "", b"")
            return
        try:
            yield from _followed(process, timeout_seconds, self)
        finally:
            _end(process, self.grace_seconds)
            _end_what_is_left(process.pid, step)


def _before(parent: int, lock: int | None) -> Callable[[], None]:
    """In the new process: say which it is, and be told to end where the one that carries the runbook out is
    killed."""

    def before() -> None:
        if lock is not None:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # killed before it could be asked for
                os.kill(os.getpid(), signal.SIGTERM)

    return before


def _not_started(program: str, error: OSError | ValueError) -> Text:
    why = of_system(error) if isinstance(error, OSError) else Text("引数", "its arguments")
    return Text(
        f"{program} を起動できません（{why.ja}）。", f"{program} cannot be started: {why.en}."
    )


def _followed(
    process: subprocess.Popen[bytes], timeout_seconds: float, programs: Programs
) -> Iterator[Line | Ended]:
    deadline = time.monotonic() + timeout_seconds
    until = deadline
    out: list[str] = []
    kept: list[str] = []
    redacting = {True: Redacting(programs.clean), False: Redacting(programs.clean)}
    room = _MOST_KEPT
    with Pipes(process) as pipes:
        while pipes.are_open and (left := until - time.monotonic()) > 0:
            has_ended = process.poll() is not None
            if has_ended:
                until = min(until, time.monotonic() + _DRAIN_SECONDS)
            found = pipes.line(min(left, _LOOK_SECONDS))
            if found is None:
                if has_ended:
                    break
                continue
            room -= len(found.content)
            if room > 0:
                words = found.content.decode("utf-8", "replace")
                shown = redacting[found.is_out].line(words.rstrip("\r\n"))
                kept.append(shown + "\n")
                if found.is_out:
                    out.append(words)
                yield Line(shown)
        pipes.forget()
        in_time = _waits(process, deadline)
        code = _end(process, programs.grace_seconds)
    why = None if in_time else _OUT_OF_TIME
    yield Ended(
        code if in_time else None, why, "".join(out), programs.clean("".join(kept)).encode()
    )


_OUT_OF_TIME = Text("時間内に終わらないので止めました。", "it was ended: it took too long.")


def _waits(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(timeout=max(deadline - time.monotonic(), 0.0))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes], grace_seconds: float) -> int:
    """Have a command ended, first as a person would, then for good with all of its group."""
    if process.poll() is not None:
        return process.returncode
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=grace_seconds)
    with suppress(ProcessLookupError, PermissionError):  # macOS says so of a group that is gone
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _end_what_is_left(session: int, step: str) -> None:
    """End what a command that has ended left behind: its group, its session, and what left both, by its mark.

    The sandbox goes on: it is started without the variables of who starts it.
    """
    for number, seconds in ((signal.SIGTERM, _LEFT_SECONDS), (signal.SIGKILL, _LEFT_SECONDS)):
        deadline = time.monotonic() + seconds
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(session, number)
        for pid in (left := _left(session, step)):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        while left and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            left = _left(session, step)
            if number == signal.SIGKILL:
                kill(left)  # what began others meanwhile


def _left(session: int, step: str) -> frozenset[int]:
    return frozenset((*in_session(session), *look(f"{STEP_MARK}={step}").pids))
