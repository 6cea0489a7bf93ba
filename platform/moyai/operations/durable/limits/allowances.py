"""A worker's part in the one rate of AWS calls: answers what it started, on the loopback.

`moyai.allowance` asks. Who does not know the token, which only processes below the worker have in their
environment, gets nothing.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa

from moyai.allowance import VARIABLE, WAIT
from moyai.errors import MoyaiError
from moyai.operations.database.limits import allow
from moyai.operations.durable.limits.permits import Permits
from moyai.registry.models import Registry

_TOLD_SECONDS = 1.0
"""Who waits is told so often that this process lives."""
_TOKEN_SECONDS = 5.0
_MOST = 1000
"""Calls asked for at once."""
_SLOW_SECONDS = 0.2
"""Between two calls while the database is away."""
_RATE_SECONDS = 30.0
_DEFAULT = 200.0


class Allowances:
    """The server in one worker process."""

    def __init__(self, engine: sa.Engine, per_second: Callable[[], float]) -> None:
        """`engine`: as `moyai_worker`. `per_second`: calls of all workers together."""
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._token = secrets.token_hex(16)
        self._permits = Permits(self._fetch, per_second)
        self._server: _Server | None = None

    def start(self) -> str:
        """Begin to answer: what `MOYAI_AWS_CALLS` has to be. Says no secret to anyone else."""
        self._server = server = _Server(("127.0.0.1", 0), _Conversation)
        server.answer = self._answer
        threading.Thread(target=server.serve_forever, name="allowances", daemon=True).start()
        host, port = server.server_address[:2]
        return f"{host!s}:{port}:{self._token}"

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _answer(self, conversation: _Conversation) -> None:
        connection = conversation.connection
        connection.settimeout(_TOKEN_SECONDS)
        said = conversation.rfile.readline(80).strip()
        if not hmac.compare_digest(said, self._token.encode()):
            return
        connection.settimeout(None)
        while line := conversation.rfile.readline(16):
            wanted = min(max(int(line), 1), _MOST)
            while (granted := self._permits.take(wanted, _TOLD_SECONDS)) == 0:
                conversation.wfile.write(WAIT + b"\n")
            conversation.wfile.write(b"%d\n" % granted)

    def _fetch(self, wanted: int, per_second: float) -> tuple[int, float]:
        try:
            with self._engine.connect() as connection:
                return allow(connection, wanted, per_second)
        except sa.exc.DBAPIError:  # what is begun goes on without it, slowly
            time.sleep(_SLOW_SECONDS)
            return 1, 0.0


class Rate:
    """`operations.aws_calls_per_second` of tenants.yaml, looked up now and then."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        self._registry = registry
        self._known = _DEFAULT
        self._until = 0.0

    def __call__(self) -> float:
        """As it is now; as it was where the file cannot be read."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + _RATE_SECONDS
            with suppress(MoyaiError, OSError):
                self._known = float(self._registry().operations.aws_calls_per_second)
        return self._known


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        """Until the other side hangs up, or says what is no number."""
        with suppress(OSError, ValueError):
            self.server.answer(self)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    answer: Callable[[_Conversation], None]


def hand_on(where: str) -> None:
    """Have this process, and all that it starts from now on, ask there."""
    os.environ[VARIABLE] = where
