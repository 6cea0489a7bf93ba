"""One start of the Pulumi engine: its command, its variables, and watching it to its end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from signal import SIGINT
from typing import Any

from moyai.engine.files import Ballast, private_folder
from moyai.engine.stacks import Action, StackRun
from moyai.engine.worker.events import EventLog
from moyai.engine.worker.log import RunLog
from moyai.engine.worker.messages import Cancel, Setup

_LOOK_SECONDS = 0.05
"""How often the event log is looked at."""
_BATCH_MILLISECONDS = "4"
"""How long the engine gathers entries of its journal; a step waits for that twice."""
GRACE_SECONDS = 20.0
"""What a cancelled engine gets to end what it has begun."""

_VERBS: Mapping[Action, tuple[str, ...]] = {
    "up": ("up", "--yes", "--skip-preview"),
    "preview": ("preview",),
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}


class Buffer:
    """A file in memory that the engine writes and this process reads; never on a disk."""

    def __init__(self, name: str) -> None:
        if hasattr(os, "memfd_create"):
            self.handle = os.memfd_create(name)
            self.path = f"/proc/self/fd/{self.handle}"
            self._file = None
        else:  # not Linux: a file of the owner's alone, removed with the buffer
            self.handle, self.path = tempfile.mkstemp(prefix=f"moyai-{name}-")
            self._file = Path(self.path)

    def close(self) -> None:
        """Forget it."""
        os.close(self.handle)
        if self._file is not None:
            self._file.unlink(missing_ok=True)


class Engine:
    """One engine process. Use `start`, then `watch`, then `close`."""

    def __init__(
        self, setup: Setup, run: StackRun, folder: Path, log: RunLog, ballast: Ballast
    ) -> None:
        self._setup = setup
        self._run = run
        self._folder = folder
        self._credentials = folder / "credentials"
        self._log = log
        self._ballast = ballast
        self._events = Buffer("events")
        self._output = Buffer("output")
        self._shown = 0
        self._half = b""
        self.tail = ""
        """The last of what the engine printed, for what its events do not say."""
        self.cancelled = False
        self.disk_full = False
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, port: int, service: Mapping[str, str], providers: str, lock: int, refresh: bool
    ) -> int:
        """Start it; returns its process id.

        `port` of the language host, `service` as in `Service.environment`; `lock` is the descriptor
        that it holds meanwhile.
        """
        command = [
            str(self._setup.engine),
            *_VERBS[self._run.action],
            *(("--refresh",) if refresh and self._run.action != "refresh" else ()),
            f"--stack=organization/{self._run.stack}",
            f"--client=127.0.0.1:{port}",
            "--exec-kind=auto.inline",
            f"--event-log={self._events.path}",
            f"--parallel={self._setup.parallel}",
            "--non-interactive",
            "--skip-plugin-pre-install",
            "--suppress-outputs",
            "--suppress-permalink=true",
            "--color=never",
        ]
        self._process = subprocess.Popen(
            command,
            cwd=self._folder,
            env={
                **engine_environment(self._setup, providers),
                **service,
                # What the engine keeps of the service is of use for this run only.
                "PULUMI_CREDENTIALS_PATH": str(private_folder(self._credentials)),
                "PULUMI_CREDENTIAL_STORE": "plaintext",
            },
            stdin=subprocess.DEVNULL,
            stdout=self._output.handle,
            stderr=self._output.handle,
            pass_fds=(self._events.handle, lock),
        )
        return self._process.pid

    def watch(self, control: Connection, hear: Callable[[list[Mapping[str, Any]]], None]) -> int:
        """Read events until the engine ends; returns its exit status.

        `hear` gets the events of one look after another. A `Cancel` from the driver, the driver's
        end and a disk that fills up cancel the engine: first politely, after `GRACE_SECONDS` or
        where asked by force.
        """
        assert self._process is not None
        log = EventLog(self._events.handle)
        sources: list[Connection | int] = [control]
        pid = _watch_pid(self._process.pid)
        if pid is not None:
            sources.append(pid)
        deadline = float("inf")
        try:
            while True:
                ready = wait(sources, _LOOK_SECONDS)
                ended = self._process.poll() is not None
                self._read(log, hear)
                if ended:
                    return self._process.returncode
                if control in ready or self._is_out_of_room():
                    self._cancel(control in ready and _is_hard(control, sources))
                    deadline = min(deadline, time.monotonic() + GRACE_SECONDS)
                if time.monotonic() > deadline:
                    self._cancel(hard=True)
        finally:
            if pid is not None:
                os.close(pid)

    def close(self) -> None:
        """Let go of it; where it still runs, because watching failed, end it first."""
        if self._process is not None and self._process.poll() is None:
            self._cancel(hard=False)
            try:
                self._process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._cancel(hard=True)
                self._process.wait()
        self._events.close()
        self._output.close()
        shutil.rmtree(self._credentials, ignore_errors=True)

    def _is_out_of_room(self) -> bool:
        """True once, when the disk is about to be full."""
        was, self.disk_full = self.disk_full, self._ballast.is_low()
        return self.disk_full and not was

    def _cancel(self, hard: bool) -> None:
        assert self._process is not None
        self.cancelled = True
        if hard:
            self._process.kill()
        else:
            self._process.send_signal(SIGINT)

    def _read(self, log: EventLog, hear: Callable[[list[Mapping[str, Any]]], None]) -> None:
        if events := list(log.new()):
            hear(events)
        fresh = os.pread(self._output.handle, 1 << 20, self._shown)
        if not fresh:
            return
        self._shown += len(fresh)
        text, mark, self._half = (self._half + fresh).rpartition(b"\n")
        shown = (text + mark).decode(errors="replace")
        self.tail = (self.tail + shown)[-4000:]
        self._log.write(shown)


def _is_hard(control: Connection, sources: list[Connection | int]) -> bool:
    try:
        message = control.recv()
    except (EOFError, OSError):
        sources.remove(control)  # the driver is gone: end in good order
        return False
    return isinstance(message, Cancel) and message.hard


def _watch_pid(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends, where the kernel has such."""
    return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None


def engine_environment(setup: Setup, providers: str) -> dict[str, str]:
    """The variables of an engine.

    Of the caller's own `PULUMI_*` none is left (`Setup.environment`), as one of them could switch
    checkpoints off or name another passphrase.
    """
    environment = {
        # The engine collects garbage a third as often: it lives for a second or two.
        "GOGC": "400",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        **setup.environment,
        "PULUMI_HOME": str(pulumi_home(setup.home)),
        "PULUMI_DEBUG_COMMANDS": "true",  # or there is no --event-log
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_JOURNALING_BATCH_PERIOD": _BATCH_MILLISECONDS,
    }
    if providers:
        environment["PULUMI_DEBUG_PROVIDERS"] = providers
    return environment


def pulumi_home(home: Path) -> Path:
    """The engine's own folder, private to a site; plugins installed for the user are seen in it.

    Its `logs` is a file: the engine would otherwise keep a debug log of every run there.
    """
    folder = home / "engine" / "pulumi-home"
    private_folder(folder)
    (folder / "logs").touch(mode=0o600, exist_ok=True)
    installed = Path.home() / ".pulumi" / "plugins"
    if installed.is_dir() and not (folder / "plugins").exists():
        try:
            (folder / "plugins").symlink_to(installed)
        except FileExistsError:
            return folder  # another worker was quicker
    return folder


def write_project(
    folder: Path, run: StackRun, packages: tuple[str, ...], secrets: Mapping[str, object]
) -> None:
    """Make the work folder's `Pulumi.yaml` and `Pulumi.<stack>.yaml` anew (JSON is YAML)."""
    private_folder(folder)
    project = {"name": run.stack.project, "runtime": "python"}
    config = {"pulumi:disable-default-providers": list(packages), **run.config}
    (folder / "Pulumi.yaml").write_text(json.dumps(project))
    settings = folder / f"Pulumi.{run.stack.name}.yaml"
    settings.write_text(json.dumps({**secrets, "config": config}, ensure_ascii=False))
