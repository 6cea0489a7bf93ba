"""PostgreSQL's own programs, as children of a job: their input and output are streams."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from moyai.jobs.credentials import Login
from moyai.jobs.results import JobError
from moyai.jobs.settings import Server
from moyai.texts import Text


class ProgramFailed(JobError):
    """A program cannot be started or did not end well."""


@contextmanager
def program(
    arguments: Sequence[str], server: Server, login: Login, database: str, path: str | None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program with its two streams, connected as a role; dead at the end, whatever happens.

    What it writes on its standard error is thrown away: it may quote rows. `path` is where programs
    are looked for. Raises `ProgramFailed` where it cannot be started or does not end well.
    """
    try:
        child = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(server, login, database, path),
        )
    except OSError as error:
        raise _failed(arguments[0], type(error).__name__) from None
    try:
        yield child
        if child.stdin is not None and not child.stdin.closed:
            child.stdin.close()
        code = child.wait()
    except BrokenPipeError:
        raise _failed(arguments[0], str(child.wait())) from None
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
    if code != 0:
        raise _failed(arguments[0], str(code))


class Whole:
    """What a program writes, to its end: it has an end only where the program ended well."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer at the end only. Raises `ProgramFailed` where there is no good end."""
        child = self._child
        assert child.stdout is not None
        data = child.stdout.read(size)
        if len(data) < size and (code := child.wait()) != 0:
            raise _failed(str(child.args[0]) if isinstance(child.args, list) else "?", str(code))
        return data


def _environment(
    server: Server, login: Login, database: str, path: str | None
) -> Mapping[str, str]:
    given = {
        "PATH": path or os.defpath,
        "LC_ALL": "C.UTF-8",
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": login.username,
        "PGPASSWORD": login.password,
        "PGDATABASE": database,
        "PGSSLMODE": server.sslmode,
        "PGPASSFILE": "/dev/null",
        "PGGSSENCMODE": "disable",
        "PGCONNECT_TIMEOUT": "10",
        "PGAPPNAME": "moyai-job",
    }
    if server.sslrootcert:
        given["PGSSLROOTCERT"] = server.sslrootcert
    return given


def _failed(name: str, how: str) -> ProgramFailed:
    return ProgramFailed(
        f"program:{name}",
        Text(f"{name} が正常に終わりません（{how}）。", f"{name} did not end well ({how})."),
        remedy=Text(
            "データベースのログを見て原因を除き、もう一度実行してください。",
            "Look into the database's log, remove the cause, and run it again.",
        ),
    )
