"""A signal ends a worker at whichever moment of its start it comes: none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from workers import ROOT, SUPERVISE, Fleet

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.living.processes import MARK

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MOMENTS = 20
_SPAN_SECONDS = 3.0
"""A worker has its handlers and takes bodies by then, where nothing else is at work."""
_END_SECONDS = 30.0
_TOLD_WITHIN = """
import os, signal, subprocess, sys
class Popen(subprocess.Popen):
    def __init__(self, command, **named):
        is_worker = any("worker_process" in str(word) for word in command)
        if is_worker and sys.argv[4] == "before":
            os.kill(os.getpid(), signal.SIGTERM)
        super().__init__(command, **named)
        if is_worker and sys.argv[4] == "after":
            os.kill(os.getpid(), signal.SIGTERM)
subprocess.Popen = Popen
"""


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Whoever starts tests in the background has SIGINT ignored, which children would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def fleet(places: Logins, tmp_path: Path) -> Iterator[Fleet]:
    found = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path)
    yield found
    found.close()


def _start(fleet: Fleet, number: int, code: str, *more: str) -> subprocess.Popen[bytes]:
    url = fleet.places.of("moyai_worker").render_as_string(hide_password=False)
    with (fleet.folder / f"start-{number}.txt").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", code, url, "2", str(fleet.file), *more],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}/platform{os.pathsep}{ROOT}",
                "MOYAI_START": f"{fleet.folder}/{number}",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _left(fleet: Fleet, number: int) -> list[str]:
    """Workers of one start that live, by their marks."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"MOYAI_START={fleet.folder}/{number}".encode() in words:
            found += [one.decode() for one in words if one.startswith(MARK.encode())]
    return found


def _ends(fleet: Fleet, number: int, process: subprocess.Popen[bytes]) -> int:
    log = fleet.folder / f"start-{number}.txt"
    try:
        code = process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"the signal of start {number} was lost: {log.read_text()}")
    assert code in (0, -signal.SIGINT, -signal.SIGTERM), log.read_text()
    assert _left(fleet, number) == []
    return code


def test_a_signal_at_any_moment_of_the_start_ends_it(fleet: Fleet) -> None:
    def tried(number: int) -> int:
        process = _start(fleet, number, SUPERVISE)
        time.sleep(number * _SPAN_SECONDS / _MOMENTS)
        process.send_signal(_SIGNALS[number % 2])
        return _ends(fleet, number, process)

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(tried, range(_MOMENTS)))
    assert len(codes) == _MOMENTS, "each has ended, and nothing that it started is left"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_signal_while_the_worker_process_is_being_started_ends_it(
    fleet: Fleet, when: str
) -> None:
    process = _start(fleet, 0, _TOLD_WITHIN + SUPERVISE, when)
    assert _ends(fleet, 0, process) == 0


def test_a_guardian_that_is_being_started_survives_what_ends_a_whole_service(
    fleet: Fleet,
) -> None:
    """As `systemctl stop` does: each process of the service gets the signal; a worker goes on to its end."""
    reading, writing = os.pipe()
    code = (
        "import os, signal, subprocess, sys, time\n"
        "from moyai.operations.durable.living.guardian import held_back\n"
        "with held_back():\n"
        "    found = subprocess.Popen([sys.executable, '-m', "
        "'moyai.operations.durable.living.guardian', 'w', str(os.getpid()), sys.argv[2], sys.argv[2], "
        "sys.argv[1]], pass_fds=(int(sys.argv[2]),))\n"
        "found.send_signal(signal.SIGTERM)\n"
        "found.send_signal(signal.SIGINT)\n"
        "time.sleep(1.5)\n"
        "sys.exit(0 if found.poll() is None else 9)\n"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, "postgresql://none", str(reading)],
            pass_fds=(reading,),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}/platform{os.pathsep}{ROOT}"},
            timeout=60,
        )
        os.write(writing, b"e")  # its worker is buried
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 0
