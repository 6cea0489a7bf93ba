"""The driver's tests share one site each, and the engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from filing_site import FilingSite, find_engine

from moyai.engine.driver.driver import Driver


@pytest.fixture(scope="session")
def engine() -> Path:
    return find_engine()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Driver]:
    """One driver for the tests of a module that leave its processes alone."""
    home = FilingSite(tmp_path_factory.mktemp("lasting") / "home")
    with Driver(home, engine, jobs=2, command="moyai deploy (test)") as driver:
        yield driver


@pytest.fixture
def site(tmp_path: Path) -> FilingSite:
    return FilingSite(tmp_path / "home")


@pytest.fixture
def driver(site: FilingSite, engine: Path) -> Iterator[Driver]:
    with Driver(site, engine, jobs=2, command="moyai deploy (test)") as driver:
        yield driver
