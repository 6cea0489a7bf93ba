"""The local `aws` plugin, served as the driver does, against the running sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyai.engine.sites import EmbeddedSite

sys.path.insert(0, str(Path(__file__).parent))

from case import Aws, World
from protocol import Engine


@pytest.fixture(scope="session")
def engine(sandbox: EmbeddedSite) -> Iterator[Engine]:
    (plugin,) = (one for one in sandbox.plugins() if one.package == "aws")
    environment = {**os.environ, **sandbox.environment(), "MOYAI_LANG": "en"}
    with subprocess.Popen(
        plugin.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        engine = Engine(int(process.stdout.readline()))
        yield engine
        engine.close()
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture
def world(engine: Engine, aws: Aws, request: pytest.FixtureRequest) -> Iterator[World]:
    token = request.node.callspec.params["token"]
    world = World(engine, aws, "t-" + token.rsplit(":", 1)[-1].lower())
    yield world
    world.clear()
