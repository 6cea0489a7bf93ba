"""A machine without an engine: an own PATH, home and cache, and stand-ins for `go` and `pulumi`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from moyai.engine.toolchain import VERSION

_PULUMI = """#!/bin/sh
case "$1" in
version) echo v{version} ;;
stack) echo '{stacks}' ;;
esac
"""

_GO = """#!/bin/sh
echo "$1 GOFLAGS=$GOFLAGS GOTOOLCHAIN=$GOTOOLCHAIN" >>"{log}"
case "$1" in
version) echo "go version go{version} linux/amd64" ;;
list)
    {list}
    echo "go: downloading example.jp/a v1.0.0" >&2
    echo example.jp/a; echo example.jp/b ;;
build)
    echo $$ >"{log}.pid"
    {build}
    sleep {seconds}
    echo example.jp/a >&2
    echo example.jp/b >&2
    cp "{standin}" pulumi ;;
esac
"""

_RUN = """
import signal
# Where tests run in the background, the shell has them ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
from moyai.engine import toolchain
engine = toolchain.ensure(lambda step: print(step.kind, step.of("en"), flush=True))
print("engine", engine.path, engine.origin, engine.sha256)
"""


@dataclass
class Machine:
    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def cached(self) -> Path:
        (found,) = (self.folder / "cache").rglob("pulumi")
        return found

    def program(self, name: str, text: str) -> Path:
        """Put a script on PATH."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def pulumi(self, version: str = VERSION) -> Path:
        return self.program("pulumi", _PULUMI.format(version=version, stacks="[]"))

    def go(
        self,
        version: str = "1.26.1",
        *,
        seconds: float = 0,
        build: str = ":",
        listing: str = ":",
        gives: str = VERSION,
        stacks: str = "[]",
    ) -> None:
        """A `go` that builds a stand-in of the engine, after so many seconds."""
        standin = self.folder / "standin"
        standin.write_text(_PULUMI.format(version=gives, stacks=stacks))
        standin.chmod(0o755)
        text = _GO.format(
            log=self.folder / "go.log",
            version=version,
            list=listing,
            build=build,
            seconds=seconds,
            standin=standin,
        )
        self.program("go", text)

    def calls(self, verb: str) -> list[str]:
        """How `go` was called with a verb."""
        log = self.folder / "go.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.split()[0] == verb]

    def start(self) -> subprocess.Popen[str]:
        """Another process of this user that wants the engine."""
        return subprocess.Popen(
            [sys.executable, "-c", _RUN],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def make_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(folder)
    machine.bin.mkdir()
    (folder / "home").mkdir()
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{machine.bin}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    # No installer comes through a port on which nobody listens.
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{_closed_port()}")
    return machine


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
