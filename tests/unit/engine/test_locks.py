"""Who holds a stack, and whether the holder is dead."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from moyai.engine.stacks import StackId
from moyai.engine.state.engine_locks import EngineLock, clear_engine_locks, is_dead
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.holders import Holder, myself
from moyai.engine.worker.stack_lock import acquire
from moyai.errors import Refused

STACK = StackId("proj", "271004")
HERE = socket.gethostname()
NOW = datetime.now(UTC)
NEVER = 2**22 + 7
"""Beyond the kernel's largest process number."""


def no() -> bool:
    return False


def engine_lock(pid: int, host: str = HERE, since: datetime = NOW) -> EngineLock:
    return EngineLock("key", pid, "root", host, since)


def holder(pid: int, host: str = HERE, engine: int | None = None) -> Holder:
    return Holder(pid, "hanako", host, "boot", "2026-11-23T00:00:00+00:00", "moyai deploy", engine)


def put_lock(root: Path, pid: int, host: str = HERE, name: str = "uuid") -> Path:
    folder = root / ".pulumi/locks/organization/proj/271004"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {
        "pid": pid,
        "username": "root",
        "hostname": host,
        "timestamp": "2026-11-23T15:51:44.458026815Z",
    }
    path.write_text(json.dumps(content))
    path.with_suffix(".json.attrs").write_text("{}")
    return path


def test_a_living_process_holds_its_lock() -> None:
    assert not is_dead(engine_lock(os.getpid()), None)


def test_a_process_that_is_gone_is_dead() -> None:
    assert is_dead(engine_lock(NEVER), None)


def test_a_process_that_began_after_the_lock_is_another() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert is_dead(engine_lock(child.pid, since=NOW - timedelta(seconds=60)), None)
        assert not is_dead(engine_lock(child.pid, since=datetime.now(UTC)), None)
    finally:
        child.communicate(b"\n")


def test_a_process_that_waits_to_be_reaped_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while not is_dead(engine_lock(child.pid, since=datetime.now(UTC)), None):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.wait()


def test_a_lock_from_before_the_last_start_of_the_machine_is_dead() -> None:
    assert is_dead(engine_lock(os.getpid(), since=NOW - timedelta(days=4000)), None)


@pytest.mark.parametrize("pid", [os.getpid(), NEVER], ids=["alive", "dead"])
def test_of_another_host_nothing_is_proved(pid: int) -> None:
    assert not is_dead(engine_lock(pid, host="elsewhere"), None)


def test_an_engine_of_the_last_holder_is_dead_whatever_the_host_is_called_now() -> None:
    lock = engine_lock(4711, host="old-name")
    assert is_dead(lock, holder(1, "old-name", engine=4711))
    assert not is_dead(lock, holder(1, "old-name", engine=4712))
    assert not is_dead(lock, holder(1, "other", engine=4711))


def test_dead_locks_are_taken_away_and_told(tmp_path: Path) -> None:
    path = put_lock(tmp_path, NEVER)
    (told,) = clear_engine_locks(FolderBlobs(tmp_path), STACK, None)
    assert told.pid == NEVER
    assert list(path.parent.iterdir()) == []


def test_a_living_lock_refuses_by_name(tmp_path: Path) -> None:
    dead, alive = put_lock(tmp_path, NEVER, name="a"), put_lock(tmp_path, 4711, "elsewhere", "b")
    with pytest.raises(Refused) as refusal:
        clear_engine_locks(FolderBlobs(tmp_path), STACK, None)
    assert "root@elsewhere" in refusal.value.what.ja
    assert "4711" in refusal.value.what.en
    assert "pulumi cancel" in str(refusal.value.remedy)
    assert alive.exists()
    assert not dead.exists() or dead.exists()  # which of the two came first is the folder's affair


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": 1}', b"[]"])
def test_a_lock_cut_off_while_it_was_written_is_dead(tmp_path: Path, content: bytes) -> None:
    path = put_lock(tmp_path, 1)
    path.write_bytes(content)
    clear_engine_locks(FolderBlobs(tmp_path), STACK, None)
    assert not path.exists()


def test_two_holders_exclude_each_other_by_name(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = acquire(path, STACK, myself(os.getpid(), "moyai deploy all"), 0, no)
    with pytest.raises(Refused) as refusal:
        acquire(path, STACK, myself(os.getpid(), "moyai plan"), 0.2, no)
    assert "moyai deploy all" in refusal.value.what.ja
    assert str(os.getpid()) in refusal.value.what.en
    first.release()
    second = acquire(path, STACK, myself(os.getpid(), "moyai plan"), 0, no)
    assert second.previous is None
    assert not second.waited
    second.release()


def test_waiting_ends_when_the_holder_does(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    script = (
        "import os, time; from pathlib import Path; from moyai.engine.state.holders import myself;"
        "from moyai.engine.worker.stack_lock import acquire;"
        "from moyai.engine.stacks import StackId;"
        f"l = acquire(Path({str(path)!r}), StackId('p', 's'),"
        " myself(os.getpid(), 'other'), 0, lambda: False);"
        "print('held', flush=True); time.sleep(0.5); os._exit(0)"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    lock = acquire(path, STACK, myself(os.getpid(), "me"), 30, no)
    assert lock.previous is not None
    assert lock.previous.pid == child.pid
    assert lock.waited
    lock.release()
    child.communicate()


def test_a_preview_is_waited_for_whoever_asks(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    preview = acquire(path, STACK, myself(os.getpid(), "moyai plan", only_looks=True), 0, no)
    threading.Timer(0.5, preview.release).start()
    lock = acquire(path, STACK, myself(os.getpid(), "moyai deploy"), 0, no)
    assert lock.waited
    lock.release()


def test_a_child_that_inherits_the_lock_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = acquire(path, STACK, myself(os.getpid(), "me"), 0, no)
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.handle,)
    )
    os.close(lock.handle)
    with pytest.raises(Refused):
        acquire(path, STACK, myself(os.getpid(), "other"), 0.1, no)
    child.communicate(b"\n")
    acquire(path, STACK, myself(os.getpid(), "other"), 5, no).release()


def test_waiting_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = acquire(path, STACK, myself(os.getpid(), "me"), 0, no)
    began = time.monotonic()
    with pytest.raises(Refused):
        acquire(path, STACK, myself(os.getpid(), "other"), 60, lambda: True)
    assert time.monotonic() - began < 50
    lock.release()


def test_a_shorter_note_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = acquire(path, STACK, myself(os.getpid(), "x" * 100), 0, no)
    lock.note(myself(os.getpid(), "y"))
    with pytest.raises(Refused, match=r"\(y, since"):
        acquire(path, STACK, myself(os.getpid(), "z"), 0, no)
    lock.release()
