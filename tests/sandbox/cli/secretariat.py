"""A secretariat of two persons with keys of their own, and a worker for as long as it is wanted."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from federations import Federation

PLANNER, APPROVER = "keikaku@jimukyoku.example.jp", "shonin@jimukyoku.example.jp"


def make_keys(folder: Path) -> Path:
    """Keys of two persons, by the comments that they have in the sample."""
    for name in ("keikaku", "shonin"):
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        (folder / name).touch(0o600)
        (folder / name).write_bytes(private)
        (folder / f"{name}.pub").write_bytes(public)
    return folder


def two_waves(federation: Federation, keys: Path, first: str = "272027") -> None:
    """Have the file know the keys, and have one body go before the others."""
    text = federation.file.read_text(encoding="utf-8")
    for name in ("keikaku", "shonin"):
        public = (keys / f"{name}.pub").read_text(encoding="utf-8")
        text, found = re.subn(rf"ssh_key: ssh-ed25519 \S+ {name}", f"ssh_key: {public}", text)
        assert found == 1
    waves = f'  waves:\n    - {{ name: 先行団体, select: "{first}" }}\n    - {{ name: 残り, rest: true }}\n'
    text, found = re.subn(r"(?s)  waves:\n.*?(?=  max_concurrent)", waves, text)
    assert found == 1
    federation.file.write_text(text, encoding="utf-8")


@contextmanager
def working(federation: Federation, log: Path) -> Iterator[None]:
    """A worker beside what is done within; it ends with a Ctrl-C, and has told of no bug."""
    with log.open("wb") as stream:
        worker = subprocess.Popen(
            federation.command("worker", "--bodies", "2"),
            cwd=federation.folder,
            env=federation.environment(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        deadline = time.monotonic() + 120
        while "takes 2 bodies at a time" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        worker.send_signal(signal.SIGINT)
        try:
            assert worker.wait(120) == 0, log.read_text()
        finally:
            worker.kill()
        assert "Traceback" not in log.read_text()
