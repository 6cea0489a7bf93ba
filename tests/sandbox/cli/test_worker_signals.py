"""`moyai worker` ends at whichever moment of its start it is told to, however it was started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from federations import Federation, make_federation

from moyai.operations.durable.living.processes import MARK

_MOMENTS = 12
_SPAN_SECONDS = 6.0
_FIRST_SECONDS = 0.3
"""Python itself has begun by then: before, a signal that whoever starts it has ignored stays ignored."""
_END_SECONDS = 60.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """A project whose operations database is ready."""
    base = tmp_path_factory.mktemp("signals")
    found = make_federation(base / "project", base / "home")
    found.ok("sandbox", "start")
    found.ok("operation", "prepare")
    yield found
    found.moyai("sandbox", "reset", "--yes")


@pytest.fixture(params=[signal.SIG_IGN, signal.default_int_handler], ids=["ignored", "heeded"])
def inherited(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a shell sets before it starts something: in the background SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("inherited")
def test_a_signal_at_any_moment_ends_it_and_leaves_nothing(
    place: Federation, tmp_path: Path
) -> None:
    for number in range(_MOMENTS):
        log = tmp_path / f"{number}.txt"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                place.command("worker"),
                cwd=place.folder,
                env={**place.environment(), "MOYAI_START": f"{tmp_path}/{number}"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        time.sleep(_FIRST_SECONDS + number * _SPAN_SECONDS / _MOMENTS)
        process.send_signal((signal.SIGINT, signal.SIGTERM)[number % 2])
        try:
            code = process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"lost at moment {number}: {log.read_text()}")
        assert code in (0, 4, -signal.SIGINT, -signal.SIGTERM), log.read_text()
        assert "Traceback" not in log.read_text()
        assert _left(f"{tmp_path}/{number}") == []


def _left(start: str) -> list[str]:
    """Workers of one start that live, by their marks."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"MOYAI_START={start}".encode() in words:
            found += [os.fsdecode(one) for one in words if one.startswith(MARK.encode())]
    return found
