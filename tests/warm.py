"""Commands run in processes that are forked from one which has imported the platform already.

Importing what a command needs takes most of its processor time (0.3 to 0.5 s of it), and hundreds of
commands are run. Each still is a process of its own, with its arguments, folder, variables and exit code;
the command line's modules are imported by it, as they decide on the language. Commands that are killed,
frozen or given a terminal are started from nothing by their tests.

`python -m tests.warm HANDLE` serves a socket: a request is a JSON object with three handles, for both
outputs and for the answer, which is the process's number and then its exit status, each in a line.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "from moyai_cli.main import main; main()"
_LONGEST = 1 << 18


def run_warm(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run `moyai` to its end, with nothing on standard input.

    Raises `subprocess.TimeoutExpired` after that many seconds, when it has been killed.
    """
    return _commands().run(arguments, folder, environment, seconds)


class _Commands:
    """The process that commands are forked from; it ends with this one."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def run(
        self,
        arguments: tuple[str, ...],
        folder: Path,
        environment: Mapping[str, str],
        seconds: float,
    ) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-c", PROGRAM, *arguments]
        asked = {
            "argv": argv[1:2] + argv[3:],
            "folder": str(folder),
            "environment": {**environment},
        }
        out, err = os.memfd_create("out"), os.memfd_create("err")
        answered, answer = os.pipe()
        try:
            content = json.dumps(asked).encode()
            assert len(content) < _LONGEST
            socket.send_fds(self._socket, [content], [out, err, answer])
            os.close(answer)
            status = _status(answered, seconds, argv)
            return subprocess.CompletedProcess(argv, status, _text(out), _text(err))
        finally:
            for handle in (out, err, answered):
                os.close(handle)

    def end(self) -> None:
        self._socket.close()


@cache
def _commands() -> _Commands:
    made = _Commands()
    atexit.register(made.end)
    return made


def _status(answered: int, seconds: float, argv: list[str]) -> int:
    with open(answered, encoding="ascii", closefd=False) as answer:
        pid = int(answer.readline())
        in_time = bool(select.select([answered], [], [], seconds)[0])
        if not in_time:
            os.kill(pid, signal.SIGKILL)
        status = answer.readline()
    if not in_time:
        raise subprocess.TimeoutExpired(argv, seconds)
    return int(status)


def _text(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    with open(handle, encoding="utf-8", closefd=False) as file:
        return file.read()


def _serve(channel: socket.socket) -> dict[str, Any] | None:
    """Answer requests until the socket closes; in a forked process, what it is to run."""
    woken, waker = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    answers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 100)
            _reap(answers)
        if channel.fileno() not in ready:
            continue
        content, handles, _, _ = socket.recv_fds(channel, _LONGEST, 3)
        if not content:
            return None
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(handles[0], 1)
            os.dup2(handles[1], 2)
            for handle in (*handles, *answers.values(), woken, waker):
                os.close(handle)
            channel.close()
            return cast("dict[str, Any]", json.loads(content))
        os.close(handles[0])
        os.close(handles[1])
        answers[pid] = handles[2]
        os.write(handles[2], f"{pid}\n".encode())


def _reap(answers: dict[int, int]) -> None:
    while answers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        answer = answers.pop(pid)
        os.write(answer, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(answer)


def import_platform() -> None:
    """Nothing of the command line itself: its language is that of the arguments."""
    for name in ("typer", "rich.console", "rich.table", "rich.progress"):
        import_module(name)
    operations = import_module("moyai.operations")
    for module in pkgutil.iter_modules(operations.__path__, "moyai.operations."):
        import_module(module.name)


def _main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    import_platform()
    gc.collect()
    gc.freeze()
    asked = _serve(channel)
    if asked is None:
        return
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    sys.argv = asked["argv"]
    sys.path[0] = ""
    exec(PROGRAM, {"__name__": "__main__"})


if __name__ == "__main__":
    _main()
