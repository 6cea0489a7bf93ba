"""An operations database, and processes below workers that call the sandbox's cloud."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from moyai.engine.sites import EmbeddedSite
from moyai.operations.database.connecting import database_url, open_engine
from moyai.operations.database.prepare import logins, prepare

_CALLER = Path(__file__).with_name("caller.py")


@pytest.fixture(scope="session")
def database(
    tmp_path_factory: pytest.TempPathFactory, sandbox: EmbeddedSite
) -> Iterator[sa.Engine]:
    """The sandbox's own, as a worker sees it."""
    places = logins(
        database_url(sandbox.operations_database()), tmp_path_factory.mktemp("operations")
    )
    prepare(places, new_passwords=True)
    engine = open_engine(places.of("moyai_worker"))
    yield engine
    engine.dispose()


class Callers:
    """Processes that call, and what they called."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, threads: int = 2, **variables: str) -> subprocess.Popen[bytes]:
        """Start one; it calls as fast as it may."""
        number = len(self._started)
        process = subprocess.Popen(
            [sys.executable, str(_CALLER), str(self._folder / f"{number}"), str(threads)],
            env={**os.environ, **self._environment, **variables},
            stdin=subprocess.DEVNULL,
            stderr=(self._folder / f"{number}.txt").open("wb"),
        )
        self._started.append(process)
        return process

    def calls(self, number: int | None = None) -> int:
        """Calls by all so far, or by one."""
        numbers = range(len(self._started)) if number is None else (number,)
        files = [self._folder / f"{one}" for one in numbers]
        return sum(one.stat().st_size for one in files if one.exists())

    def all_call(self) -> None:
        """Wait until each has called."""
        deadline = time.monotonic() + 30
        while not all(self.calls(number) for number in range(len(self._started))):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def rate(self, calls: int, number: int | None = None) -> float:
        """Calls a second by all, or by one, over so many calls from now."""
        before, began = self.calls(number), time.monotonic()
        while (made := self.calls(number) - before) < calls:
            assert time.monotonic() - began < 60, self.said()
            time.sleep(0.01)
        return made / (time.monotonic() - began)

    def said(self) -> str:
        """What they wrote to standard error."""
        return "".join(one.read_text() for one in sorted(self._folder.glob("*.txt")))

    def close(self) -> None:
        """End all."""
        for one in self._started:
            one.kill()
        for one in self._started:
            one.wait(10)


@pytest.fixture
def callers(tmp_path: Path, sandbox: EmbeddedSite) -> Iterator[Callers]:
    """None yet."""
    found = Callers(tmp_path, sandbox.environment())
    yield found
    found.close()
