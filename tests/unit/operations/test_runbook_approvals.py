"""Whose signature lets a step of a runbook begin: real keys, signed by OpenSSH."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.sample import SAMPLE

from moyai.errors import Refused
from moyai.operations.runbooks.approving import NAMESPACE, OperatorSignatures
from moyai.registry.load import require
from moyai.registry.models import Registry

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no OpenSSH here")
LINE = f"r20261126-1 {'a' * 64} act"
RUNS = "keikaku@jimukyoku.example.jp"
APPROVES = "shonin@jimukyoku.example.jp"
AUDITS = "kansa@jimukyoku.example.jp"
DAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """E-mail address → private key, of each operator."""
    folder = tmp_path_factory.mktemp("keys")
    found = {email: folder / email for email in (RUNS, APPROVES, AUDITS)}
    for path in found.values():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return found


@pytest.fixture
def registry(keys: dict[str, Path]) -> Registry:
    """The sample, with keys of which the test has the private part."""
    found = require(Path(SAMPLE))
    operators = tuple(
        replace(one, ssh_key=Path(f"{keys[one.email]}.pub").read_text().strip())
        for one in found.operators
        if one.email in keys
    )
    assert len(operators) == 3
    return replace(found, operators=operators)


def sign(key: Path, line: str = LINE, namespace: str = NAMESPACE) -> str:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key)]
    done = subprocess.run(command, input=line.encode(), capture_output=True, check=True)
    return done.stdout.decode()


def test_another_operator_who_approves_is_taken(registry: Registry, keys: dict[str, Path]) -> None:
    found = OperatorSignatures(registry, DAY)
    assert found.approver(LINE, sign(keys[APPROVES]), RUNS) == APPROVES


def test_whose_signature_does_not_count(registry: Registry, keys: dict[str, Path]) -> None:
    good = sign(keys[APPROVES])
    approver = next(one for one in registry.operators if one.email == APPROVES)
    same_key = tuple(replace(one, ssh_key=approver.ssh_key) for one in registry.operators)
    late = date.fromordinal(approver.expires.toordinal() + 1)
    cases = [
        (registry, DAY, sign(keys[AUDITS]), RUNS, "is no approver"),
        (registry, DAY, good, APPROVES, "another operator"),
        (registry, DAY, good, "root", "another operator"),
        (registry, late, good, RUNS, "ended on"),
        (registry, DAY, sign(keys[APPROVES], LINE + "x"), RUNS, "no signature of this line"),
        (registry, DAY, sign(keys[APPROVES], LINE, "git"), RUNS, "no signature of this line"),
        (registry, DAY, "nonsense", RUNS, "no signature of this line"),
        (registry, DAY, "", RUNS, "no signature of this line"),
        (replace(registry, operators=same_key), DAY, good, RUNS, "."),
    ]
    for known, day, signature, person, says in cases:
        with pytest.raises(Refused, match=says):
            OperatorSignatures(known, day).approver(LINE, signature, person)
