from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from moyai.sandbox.processes import (
    LOOPBACK,
    Identity,
    free_port,
    is_free,
    is_locked,
    is_same_file,
    locked,
    try_lock,
)


def test_a_recycled_number_is_another_process() -> None:
    own = Identity.of(os.getpid())
    assert own is not None
    assert own.is_alive()
    assert not replace(own, started=own.started - 60).is_alive()


def test_an_ended_process_is_gone_even_before_it_is_reaped() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = Identity.of(process.pid)
    assert identity is not None
    assert process.stdin is not None
    process.stdin.close()
    assert identity.wait_gone(10)
    process.wait()
    assert Identity.of(process.pid) is None


def test_a_lock_is_held_until_its_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_locked(path)
    with locked(path):
        assert is_locked(path)
        assert try_lock(path) is None
    assert not is_locked(path)


def test_a_deleted_file_is_not_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    handle = try_lock(path)
    assert handle is not None
    assert is_same_file(path, handle)
    path.unlink()
    assert not is_same_file(path, handle)
    path.touch()
    assert not is_same_file(path, handle)
    os.close(handle)


def test_a_wished_port_is_taken_where_it_is_free() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.socket() as other:
        other.bind((LOOPBACK, port))
        other.listen()
        assert not is_free(port)
        assert free_port(port) != port
