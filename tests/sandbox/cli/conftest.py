"""A deployed federation for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from federations import DAY, Federation, make_federation


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """Three bodies, deployed; reset at the end."""
    base = tmp_path_factory.mktemp("federation")
    found = make_federation(base / "project", base / "home")
    found.ok("deploy", "--as-of", DAY)
    yield found
    found.moyai("sandbox", "reset", "--yes")
