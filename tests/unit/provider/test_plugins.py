"""A plugin's process: one line with its port, and an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

PROGRAM = """
from shelf import Thing, plugin
from moyai.provider.serving import serve
serve(plugin(Thing()))
"""


@pytest.fixture
def process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )


def port_of(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_it_serves_until_its_input_closes(process: subprocess.Popen[bytes]) -> None:
    with process, grpc.insecure_channel(f"127.0.0.1:{port_of(process)}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        assert stub.GetPluginInfo(Empty()).version == "1.2.3"
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT], ids=lambda told: told.name)
def test_it_ends_when_it_is_told_to(process: subprocess.Popen[bytes], told: signal.Signals) -> None:
    with process:
        port_of(process)
        process.send_signal(told)
        assert process.wait(60) == 0


def test_it_listens_on_the_loopback_only(process: subprocess.Popen[bytes]) -> None:
    with process:
        port = port_of(process)
        rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
        rows += Path("/proc/net/tcp6").read_text().splitlines()[1:]
        local = [row.split()[1] for row in rows if row.split()[3] == "0A"]
        places = [place for place in local if int(place.rpartition(":")[2], 16) == port]
        # As it is, or mapped into IPv6.
        assert [place.partition(":")[0][-8:] for place in places] == ["0100007F"]
        process.terminate()
        process.wait(60)
