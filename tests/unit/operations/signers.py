"""Operators with keys of their own, and a signer for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.sample import SAMPLE

from moyai.approvals.keys import read_key
from moyai.approvals.signatures import armoured, signed_bytes
from moyai.approvals.wire import string
from moyai.registry.load import require
from moyai.registry.models import Operator, Registry, Role

RUNS, APPROVES, OTHER = "keikaku@example.jp", "shonin@example.jp", "hoka@example.jp"
LAST_DAY = date(2099, 3, 31)


@cache
def _key(email: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public(email: str) -> str:
    """The line that tenants.yaml has of somebody's key."""
    raw = _key(email).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{raw.decode()} {email}"


class Signer:
    """Signs with somebody's key."""

    def __init__(self, email: str) -> None:
        self._email = email

    def sign(self, message: bytes, namespace: str) -> str:
        """See `approvals.signing.Signer`."""
        value = _key(self._email).sign(signed_bytes(message, namespace))
        blob = read_key(public(self._email)).blob
        return armoured(blob, namespace, string(b"ssh-ed25519") + string(value))


def operator(email: str, role: Role = Role.APPROVER, bodies: str = "all") -> Operator:
    """An operator with the key of the same name."""
    return Operator(email, email, role, bodies, LAST_DAY, public(email))


def registry(*operators: Operator) -> Registry:
    """The sample with one who runs, and others: an approver of all where none is given."""
    others = operators or (operator(APPROVES),)
    return replace(require(SAMPLE), operators=(operator(RUNS, Role.OPERATOR), *others))
