"""One PostgreSQL server: its folder, its start, its end, and finding it again."""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from moyai.engine.files import disk_trouble, write_private
from moyai.errors import OperationFailed
from moyai.sandbox.layout import read_json, write_json
from moyai.sandbox.postgres import binaries, settings
from moyai.sandbox.processes import Identity, free_port, wait_until
from moyai.texts import Text

logger = logging.getLogger(__name__)

OPERATIONS = "operations"
"""The instance, the database and the role for operations data."""
SUPERUSER = "rdsadmin"
"""The provider's own role, as on RDS; nobody but the embedded cloud has its password."""
TEMPLATE = "template"
"""The folder with what initdb made."""
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
_READY_LINE = 7
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_TRY_SECONDS = 10.0
_CAUSE = re.compile(r"\b(?:PANIC|FATAL|ERROR):  |^initdb: error: ")


@dataclass(frozen=True, slots=True)
class Instance:
    """A server by its folder. All that is known of it is read from there, so that a new process
    finds what an older one left running."""

    folder: Path
    durable: bool = False

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.folder / "server.log"

    @property
    def exists(self) -> bool:
        """Whether its data folder was made."""
        return (self.data / "PG_VERSION").exists()

    @property
    def port(self) -> int | None:
        """The port it has, or had last."""
        document = read_json(self.folder / "instance.json")
        port = document.get("port") if isinstance(document, dict) else None
        return port if isinstance(port, int) else None

    def identity(self) -> Identity | None:
        """The process that serves this data folder, or None.

        The number in `postmaster.pid` counts only where that process was started for this very
        folder: numbers are used again.
        """
        lines = self._pid_file()
        if not lines or not lines[0].isdigit():
            return None
        identity = Identity.of(int(lines[0]))
        if identity is None:
            return None
        try:
            command = psutil.Process(identity.pid).cmdline()
        except psutil.Error:
            return None
        return identity if str(self.data) in command else None

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        lines = self._pid_file()
        ready = len(lines) > _READY_LINE and lines[_READY_LINE] == "ready"
        return ready and self.identity() is not None

    def make(self, template: Path) -> None:
        """Lay out its folder from a template data folder (about 30 MB, 0.1 s)."""
        self.folder.mkdir(mode=0o711, parents=True)
        shutil.copytree(template / "data", self.data, symlinks=True)
        self.data.chmod(0o700)
        binaries.give(self.data)
        shutil.copy2(template / "superuser", self.folder / "superuser")

    def start(self) -> int:
        """Start it unless it runs; its port, the one it had last where that is free.

        Raises `OperationFailed` with the end of its log where it does not come up.
        """
        running = self.identity()
        if running is not None and wait_until(self.is_ready, _START_SECONDS):
            port = self._port_in_use()
            if port is not None:
                return port
        end = time.monotonic() + _TRY_SECONDS
        while time.monotonic() < end:
            port = free_port(self.port)
            write_json(self.folder / "instance.json", {"port": port})
            if self._launch(port):
                return port
            # Another took the port, or what a killed server left behind still ends: once more.
            time.sleep(0.3)
        raise self._failed()

    def stop(self) -> None:
        """End it, cleanly where it can be (open connections are cut)."""
        identity = self.identity()
        if identity is None:
            return
        identity.send(signal.SIGINT)
        if not identity.wait_gone(_STOP_SECONDS):
            identity.send(signal.SIGQUIT)
            if not identity.wait_gone(5):
                identity.send(signal.SIGKILL)
                identity.wait_gone(5)

    def remove(self) -> None:
        """End it and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self, port: int) -> bool:
        program = str(binaries.programs() / "postgres")
        options = ["-D", str(self.data), *settings.arguments(port, durable=self.durable)]
        command = binaries.as_service([program, *options], self.data)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=_ENVIRONMENT,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if self.is_ready():
                return True
            time.sleep(0.01)
        process.kill()
        return False

    def _port_in_use(self) -> int | None:
        lines = self._pid_file()
        return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None

    def _pid_file(self) -> list[str]:
        try:
            text = (self.data / "postmaster.pid").read_text()
        except FileNotFoundError:
            return []
        return [line.strip() for line in text.splitlines()]

    def _failed(self) -> OperationFailed:
        tail = " / ".join(self.log.read_text(errors="replace").splitlines()[-3:])
        return OperationFailed(
            Text(
                f"PostgreSQL（{self.folder.name}）が起動しません。ログの終わり: {tail}",
                f"PostgreSQL ({self.folder.name}) does not start. End of its log: {tail}",
            ),
            remedy=Text(
                f"{self.log} を見て原因を除き、moyai sandbox start をもう一度実行してください。",
                f"Look into {self.log}, remove the cause, and run moyai sandbox start again.",
            ),
        )


def instance(folder: Path, key: str) -> Instance:
    """The instance of a key below a folder, whether it exists or not."""
    return Instance(folder / key, durable=key == OPERATIONS)


def instances(folder: Path) -> tuple[Instance, ...]:
    """Every instance below a folder that has a data folder."""
    if not folder.is_dir():
        return ()
    names = sorted(path.name for path in folder.iterdir() if path.name != TEMPLATE)
    return tuple(i for name in names if (i := instance(folder, name)).exists)


def stop_all(folder: Path) -> None:
    """Stop every instance below a folder that runs, side by side; those of a killed cloud too."""
    found = instances(folder)
    if found:
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(Instance.stop, found))


def make_template(folder: Path) -> None:
    """Run initdb once; instances are copies of what it made (initdb takes 0.4 s, a copy 0.1 s).

    Raises `OperationFailed` with the line of its output that has the cause.
    """
    if (folder / "done").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o711, parents=True)
    data = folder / "data"
    data.mkdir(mode=0o700)
    binaries.give(data)
    password = secrets.token_urlsafe(24)
    write_private(folder / "superuser", password.encode())
    words = folder / "initial"
    write_private(words, password.encode())
    binaries.give(words)
    program = str(binaries.programs() / "initdb")
    command = binaries.as_service([program, *_initdb_options(data, words)], data)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=_ENVIRONMENT,
    )
    words.unlink()
    if done.returncode != 0:
        logger.error("initdb ended with %d: %s", done.returncode, done.stderr.strip())
        raise no_template(folder, done.returncode, done.stderr)
    hba = data / "pg_hba.conf"
    hba.write_text(settings.HBA)
    _leave_maps_out(data)
    (folder / "done").touch()


def no_template(folder: Path, code: int, said: str) -> OperationFailed:
    """Why initdb made no template: its exit code (negative: a signal) and its standard error.

    What it says last is only that it removes what it made; PostgreSQL, which it runs, has said the
    cause before that, with the statement after it.
    """
    full = os.strerror(errno.ENOSPC)
    if full in said:
        return disk_trouble(OSError(errno.ENOSPC, full), str(folder))
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = next((line for line in lines if _CAUSE.search(line)), lines[0] if lines else None)
    if reason is None:
        reason = f"initdb: {signal.Signals(-code).name if code < 0 else f'exit code {code}'}"
    return OperationFailed(
        Text(
            f"PostgreSQL のひな形を作れません: {reason}",
            f"cannot make PostgreSQL's template: {reason}",
        )
    )


def _leave_maps_out(data: Path) -> None:
    """Take the free space and visibility maps out of databases that new ones are copied from.

    They are hints that VACUUM makes anew (PostgreSQL, 65.3 and 65.4), and a quarter of the 300
    files that each CREATE DATABASE makes.
    """
    for path in (data / "base").glob("*/*_*"):
        if path.name.endswith(("_fsm", "_vm")):
            path.unlink()


def _initdb_options(data: Path, words: Path) -> list[str]:
    return [
        f"--pgdata={data}",
        f"--username={SUPERUSER}",
        f"--pwfile={words}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The same order of words on every machine.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--wal-segsize=4",
        "--no-sync",
        "--no-instructions",
    ]
