"""A weekend's upgrade as a person would do it: planned, approved by another, a worker killed, a migration that
fails and is taken back, mended, tried again; and what happened to one body, read from its record alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from federations import DAY, Federation

PLANNER, APPROVER = "keikaku@jimukyoku.example.jp", "shonin@jimukyoku.example.jp"
SERVICE, FIRST, SECOND = "eapp-b", "272027", "272043"
_MIGRATION = (
    "-- phase: expand\nALTER TABLE procedure ADD CONSTRAINT known_codes CHECK (code <> 'bad');\n"
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of two persons, by the comments that they have in the sample."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("keikaku", "shonin"):
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        (folder / name).touch(0o600)
        (folder / name).write_bytes(private)
        (folder / f"{name}.pub").write_bytes(public)
    return folder


@pytest.fixture(scope="module")
def office(federation: Federation, keys: Path) -> Federation:
    """The federation with their keys, two waves, a further release, and what it stumbles over."""
    text = federation.file.read_text(encoding="utf-8")
    for name in ("keikaku", "shonin"):
        public = (keys / f"{name}.pub").read_text(encoding="utf-8")
        text, found = re.subn(rf"ssh_key: ssh-ed25519 \S+ {name}", f"ssh_key: {public}", text)
        assert found == 1
    waves = f'  waves:\n    - {{ name: 先行団体, select: "{FIRST}" }}\n    - {{ name: 残り, rest: true }}\n'
    text, found = re.subn(r"(?s)  waves:\n.*?(?=  max_concurrent)", waves, text)
    assert found == 1
    federation.file.write_text(text, encoding="utf-8")
    service = federation.folder / "stacks" / "services" / SERVICE
    (service / "migrations" / "0003_known.sql").write_text(_MIGRATION, encoding="utf-8")
    manifest = (service / "manifest.yaml").read_text(encoding="utf-8")
    release = "  1.2.0:\n    image: moyai-eapp-b:1.2.0\n    schema_version: 3\neditions:\n"
    (service / "manifest.yaml").write_text(manifest.replace("editions:\n", release, 1), "utf-8")
    _sql(
        federation,
        SECOND,
        "INSERT INTO procedure (code, title, section, form) VALUES ('bad','x','x','{}')",
    )
    return federation


@pytest.fixture(scope="module")
def worker(office: Federation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two workers; the log of the first."""
    logs = [tmp_path_factory.mktemp("upgrading") / "log.txt" for _ in range(2)]
    found = [
        subprocess.Popen(
            office.command("worker", "--bodies", "1"),
            cwd=office.folder,
            env=office.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
        )
        for log in logs
    ]
    yield logs[0]
    for one in found:
        one.send_signal(signal.SIGINT)
    for one, log in zip(found, logs, strict=True):
        assert one.wait(60) == 0, log.read_text()
        assert "Traceback" not in log.read_text()


def _sql(federation: Federation, code: str, statement: str) -> None:
    federation.ok("sandbox", "psql", code, SERVICE, "--command", statement)


def _show(federation: Federation) -> dict[str, Any]:
    return dict(federation.ok("operation", "show", "last:upgrade", "--output", "json").json())


def _until(federation: Federation, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while not wanted(shown := _show(federation)):
        assert time.monotonic() < deadline, shown
        time.sleep(0.3)
    return shown


def test_an_upgrade_survives_a_killed_worker_and_a_migration_that_fails(
    office: Federation, keys: Path, worker: Path
) -> None:
    upgrade = ("upgrade", SERVICE, "1.2.0", "--any-time", "--as-of", DAY, "--operator", PLANNER)
    shown = office.ok(*upgrade, "--dry-run").out
    assert "wave 2 残り" in shown
    assert "unverified-restore" in shown
    planned = office.ok(*upgrade, "--key", str(keys / "keikaku")).out
    assert "operation approve" in planned
    alone = office.moyai(
        "operation",
        "approve",
        "last:upgrade",
        "--operator",
        PLANNER,
        "--key",
        str(keys / "keikaku"),
    )
    assert alone.code == 5, alone.out + alone.err
    office.ok(
        *("operation", "approve", "last:upgrade", "--everything"),
        *("--operator", APPROVER, "--key", str(keys / "shonin")),
    )
    _until(office, lambda one: any(body["step"] == "stack" for body in one["bodies"]))
    os.kill(_carrier(office), signal.SIGKILL)
    failed = _until(office, lambda one: one["status"] in ("failed", "held"))
    assert failed["status"] == "failed"  # nobody waits behind the last wave
    assert [(body["code"], body["status"]) for body in failed["bodies"]] == [
        (FIRST, "done"),
        (SECOND, "failed"),
    ]
    assert "known_codes" in office.ok("operation", "report", "last:upgrade").out
    assert _waves_by_risk(office, upgrade) == {"失敗した団体": [SECOND]}
    office.ok("deploy", "--as-of", DAY)
    statuses = office.statuses()
    assert statuses[FIRST]["releases"][SERVICE] == "1.2.0"
    assert statuses[SECOND]["releases"][SERVICE] == "1.0.0"
    assert statuses[SECOND]["status"] == "current"
    _sql(office, SECOND, "UPDATE procedure SET code = 'good' WHERE code = 'bad'")  # writes are open
    refused = office.moyai("operation", "retry", "last:upgrade", "--operator", PLANNER)
    assert (refused.code, "nothing could be signed" in refused.err) == (5, True)
    key = ("--key", str(keys / "keikaku"))
    office.ok("operation", "retry", "last:upgrade", "--operator", PLANNER, *key)
    done = _until(office, lambda one: one["status"] == "done")
    assert [body["attempts"] for body in done["bodies"]] == [1, 2]
    assert office.statuses()[SECOND]["releases"][SERVICE] == "1.2.0"
    record = keys / "record.jsonl"
    office.ok("audit", "export", SECOND, "--save", str(record))
    office.ok("audit", "verify", str(record))
    told = record.read_text(encoding="utf-8")
    assert FIRST not in told
    assert [step in told for step in ("-migrate-expand", "open-writes")] == [True, True]


def _waves_by_risk(federation: Federation, upgrade: tuple[str, ...]) -> dict[str, list[str]]:
    """Wave → bodies, as it would be planned by a file in which those that failed come last."""
    text = federation.file.read_text(encoding="utf-8")
    last = "    - { name: 失敗した団体, risks: [failed-before] }\n"
    other = federation.file.with_name("by-risk.yaml")
    other.write_text(re.sub(r"(rest: true \}\n)", rf"\1{last}", text), encoding="utf-8")
    asked = (*upgrade, "--dry-run", "--file", str(other), "--output", "json")
    waves = federation.ok(*asked).json()["waves"]
    assert waves[-1]["bodies"][0]["known_risks"] == ["failed-before"]
    other.unlink()
    return {wave["name"]: [body["code"] for body in wave["bodies"]] for wave in waves}


def _carrier(federation: Federation) -> int:
    """The process that carries the body in hand."""
    [running] = [body for body in _show(federation)["bodies"] if body["status"] == "running"]
    mark = f"MOYAI_WORKER={running['worker']}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_worker(entry, mark):
            return int(entry.name)
    raise AssertionError(f"no process of {running['worker']}")


def _is_worker(entry: Path, mark: bytes) -> bool:
    try:
        words = (entry / "cmdline").read_bytes()
        return b"moyai.operations.durable" in words and mark in (entry / "environ").read_bytes()
    except OSError:
        return False
