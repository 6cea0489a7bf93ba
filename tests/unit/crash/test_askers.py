"""Who asks is found by its connection, and killed at the request that was chosen."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.crash.sandbox.askers import Askers, choose, ended, forget, owner

_ASKS = """
import socket, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.recv(1)
"""


def test_the_asker_of_the_chosen_request_is_killed_before_it_is_answered(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        asker = subprocess.Popen([sys.executable, "-c", _ASKS, str(port)])
        connection, (_, theirs) = server.accept()
        with connection:
            assert owner(theirs, port) == asker.pid
            environ = {"REMOTE_PORT": theirs, "SERVER_PORT": port}
            askers = Askers(tmp_path)
            askers.done(environ, "RunTask")
            choose(tmp_path, [2])
            askers.done(environ, "RunTask")
            assert (asker.poll(), ended(tmp_path)) == (None, [])
            askers.done(environ, "UpdateService")
            assert asker.wait(10) == -signal.SIGKILL
    assert [(one["pid"], one["action"]) for one in ended(tmp_path)] == [
        (asker.pid, "UpdateService")
    ]
    forget(tmp_path)
    askers.done(environ, "RunTask")
    assert len(ended(tmp_path)) == 1
