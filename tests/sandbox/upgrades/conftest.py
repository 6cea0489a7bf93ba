"""A deployed federation for the upgrades of a module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).parent))

from federations import DAY, make_federation
from office import Office, open_office
from releases import add_releases


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Three bodies, deployed, with further releases to go to; reset at the end."""
    with deployed(tmp_path_factory.mktemp("upgrades")) as found:
        yield found


@pytest.fixture(scope="module")
def own_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The same for one module, which leaves its bodies otherwise than it found them."""
    with deployed(tmp_path_factory.mktemp("own")) as found:
        yield found


@contextmanager
def deployed(base: Path) -> Iterator[Office]:
    """A federation below a folder, for as long as it is wanted."""
    federation = make_federation(base / "project", base / "home")
    # Plans are of one body often, whose releases leave the other far behind.
    settings = "operations:\n  max_releases_behind: 100\n  edits_need_approval: false\n"
    federation.edit("operations:\n", settings)
    add_releases(federation.folder / "stacks" / "services" / "eapp-b")
    federation.ok("deploy", "--as-of", DAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOYAI_HOME", str(federation.home))
        with open_office(federation) as found:
            yield found
    federation.moyai("sandbox", "reset", "--yes")
