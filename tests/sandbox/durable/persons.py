"""Operators with keys of their own, and a plan over bodies of the sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.sample import SAMPLE

from moyai.approvals.keys import read_key
from moyai.approvals.signatures import armoured, signed_bytes
from moyai.approvals.wire import string
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.registry.load import require
from moyai.registry.models import Operator, Registry, Role

DAY = date(2026, 11, 26)
PLANNER, APPROVER = "keikaku@example.jp", "shonin@example.jp"


@cache
def key(email: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def operator(email: str, role: Role, bodies: str = "all") -> Operator:
    raw = key(email).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return Operator(email, email, role, bodies, date(2099, 3, 31), f"{raw.decode()} {email}")


@cache
def registry() -> Registry:
    people = (operator(PLANNER, Role.OPERATOR), operator(APPROVER, Role.APPROVER))
    return replace(require(SAMPLE), operators=people)


class Signer:
    """Signs with the key of one of them."""

    def __init__(self, email: str) -> None:
        self._email = email

    def sign(self, message: bytes, namespace: str) -> str:
        value = key(self._email).sign(signed_bytes(message, namespace))
        line = operator(self._email, Role.OPERATOR).ssh_key
        blob = string(b"ssh-ed25519") + string(value)
        return armoured(read_key(line).blob, namespace, blob)


def plan(bodies: int = 3, waves: int = 1, approval_seconds: int = 0) -> OperationPlan:
    """Bodies of the sample, as many in each wave; each has a risk."""
    chosen = registry().tenants[: bodies * waves]
    return OperationPlan(
        kind="check",
        subject="",
        parameters={},
        site="sandbox",
        registry_sha256="",
        planned_by=PLANNER,
        planned_at=datetime.now(UTC),
        waves=tuple(
            PlannedWave(n, f"w{n}", Limits(1, 0, "strict"), 0) for n in range(1, waves + 1)
        ),
        bodies=tuple(
            PlannedBody(one.code, one.name, 1 + at // bodies, "0" * 64, (), 60, None, ("dared",))
            for at, one in enumerate(chosen)
        ),
        same_errors=3,
        approval_seconds=approval_seconds,
    )
