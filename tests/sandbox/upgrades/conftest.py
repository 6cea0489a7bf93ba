"""A deployed federation for the upgrades of a module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "cli")]

from federations import DAY, make_federation
from office import Office
from releases import add_releases

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.opening import login_url, operations_engine
from moyai.operations.kinds.site import SiteSource


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Three bodies, deployed, with further releases to go to; reset at the end."""
    base = tmp_path_factory.mktemp("upgrades")
    federation = make_federation(base / "project", base / "home")
    add_releases(federation.folder / "stacks" / "services" / "eapp-b")
    federation.ok("deploy", "--as-of", DAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOYAI_HOME", str(federation.home))
        patch.chdir(federation.folder)
        source = SiteSource(federation.file, "sandbox")
        workspace = source.session().workspace
        with operations_engine(workspace) as operator:
            worker = open_engine(login_url(workspace, "moyai_worker"))
            yield Office(federation, source, operator, worker)
            worker.dispose()
    federation.moyai("sandbox", "reset", "--yes")
