"""A process that has imported what jobs need, and forks one process for each of them.

`python -P -m moyai.sandbox.zygote HANDLE` serves the stream socket HANDLE. A message is four bytes
of length and a JSON object; a request to run something carries one file handle, for its output.

    → {"run": ID, "command": […], "environment": {…}, "folder": PATH}
    → {"end": ID, "signal": NUMBER}
    ← {"exited": ID, "status": NUMBER}      128 + signal where a signal ended it

Starting Python and importing psycopg and botocore takes half a second; a fork takes milliseconds.
Every job still is a process of its own: its environment is replaced as a whole, it leads its own
process group, and it ends when this process ends. This process ends when the socket closes.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from moyai.jobs import aws

HEADER = struct.Struct("!I")
_PR_SET_PDEATHSIG = 1
_NOT_FOUND = 127


@dataclass
class Zygote:
    """The socket to the cloud, and the jobs that run."""

    channel: socket.socket
    running: dict[int, int] = field(default_factory=dict)
    """Process → the job's number."""

    def serve(self) -> None:
        """Serve until the cloud closes its end, then end every job."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        os.set_blocking(reader, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        while True:
            ready, _, _ = select.select([self.channel.fileno(), reader], [], [])
            if reader in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(reader, 4096)
                self._reap()
            if self.channel.fileno() in ready and not self._take():
                break
        for process in self.running:
            _end_group(process, signal.SIGKILL)

    def _take(self) -> bool:
        header, handles, _, _ = socket.recv_fds(self.channel, HEADER.size, 1)
        if len(header) < HEADER.size:
            return False
        content = receive_exactly(self.channel, HEADER.unpack(header)[0])
        if content is None:
            return False
        request = json.loads(content)
        if "end" in request:
            for process, number in self.running.items():
                if number == request["end"]:
                    _end_group(process, request["signal"])
            return True
        if is_job_module(request["command"]):
            aws.make_ready(request["environment"])
        process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            self.channel.close()
            _become(request, handles[0])
        os.close(handles[0])
        self.running[process] = request["run"]
        return True

    def _reap(self) -> None:
        for process in list(self.running):
            found, status = os.waitpid(process, os.WNOHANG)
            if not found:
                continue
            # What it left behind ends with it, as in a container.
            _end_group(process, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(status)
            answer = {
                "exited": self.running.pop(process),
                "status": 128 - code if code < 0 else code,
            }
            with contextlib.suppress(BrokenPipeError):
                self.channel.sendall(pack(answer))


def pack(message: dict[str, Any]) -> bytes:
    """A message as it goes through the socket."""
    content = json.dumps(message).encode()
    return HEADER.pack(len(content)) + content


def receive_exactly(channel: socket.socket, size: int) -> bytes | None:
    """So many bytes, or None where the other side closed before."""
    content = bytearray()
    while len(content) < size:
        part = channel.recv(size - len(content))
        if not part:
            return None
        content += part
    return bytes(content)


def is_job_module(command: Sequence[str]) -> bool:
    """Whether a command is `python -m moyai.jobs …`, which needs no new interpreter."""
    return is_python(command) and tuple(command[1:3]) == ("-m", "moyai.jobs")


def is_python(command: Sequence[str]) -> bool:
    """Whether a command runs the image's Python, which is the one that Moyai runs on."""
    return bool(command) and command[0] in ("python", "python3")


def _end_group(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, number)


def _become(request: dict[str, Any], output: int) -> NoReturn:
    """In the forked process: become the job. Never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        _end_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.chdir(request["folder"])
        command = list(request["command"])
        if not is_job_module(command):
            _execute(command, request["environment"])
        os.environ.clear()
        os.environ.update(request["environment"])
        code = _run_module(command)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _execute(command: list[str], environment: dict[str, str]) -> NoReturn:
    program = sys.executable if is_python(command) else command[0]
    try:
        os.execvpe(program, [program, *command[1:]], environment)  # noqa: S606  # the job's own
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(_NOT_FOUND)


def _run_module(command: list[str]) -> int:
    sys.argv = command[2:]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # both are TextIOWrapper
    code = 0
    try:
        runpy.run_module("moyai.jobs", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = _exit_code(end.code)
    except BaseException:
        traceback.print_exc()
        code = 1
    # Finalizing the interpreter would touch every page shared with the zygote.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def preload() -> None:
    """Import what jobs import, and keep botocore's parsed models for every job's clients."""
    import boto3
    import botocore.loaders
    import psycopg

    import moyai.jobs

    for module in pkgutil.walk_packages(moyai.jobs.__path__, "moyai.jobs."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    # A loader caches what it read, but each job has a loader of its own; the files are the same.
    loader: Any = botocore.loaders.JSONFileLoader
    read = loader.load_file
    kept = cache(lambda path: read(loader(), path))
    loader.load_file = lambda _self, path: kept(path)
    session = boto3.session.Session(region_name="us-east-1")
    for service in ("secretsmanager", "s3", "sts"):
        session.client(service)
    aws.make_ready({"AWS_REGION": "us-east-1"})
    psycopg.conninfo.make_conninfo(host="none")
    gc.collect()
    gc.freeze()


def main(handle: int) -> None:
    """Serve the cloud on an inherited socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Bound to end with the cloud even where that is killed: its end of the socket closes then.
    with socket.socket(fileno=handle) as channel:
        preload()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            channel.sendall(pack({"ready": os.getpid()}))
            Zygote(channel).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
