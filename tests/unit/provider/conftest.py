"""A plugin served in this process, and a stub that speaks to it as an engine does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from moyai.provider.plugins import start
from moyai.provider.serving import Servicer

sys.path.insert(0, str(Path(__file__).parent))

from shelf import Thing, plugin


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def stub(thing: Thing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("MOYAI_LANG", "en")
    server, port = start(Servicer(plugin(thing)))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(grace=None)
