"""Operators' public keys: what kind they are, and whether a signature of one is right.

Kinds are those that `registry.ssh_keys` lets into tenants.yaml. `sshsig` checks Ed25519 and RSA;
`cryptography` the others, which it does not know.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sshsig import PublicKey

from moyai.approvals.wire import Malformed, Reader
from moyai.registry.ssh_keys import why_unfit

_USER_PRESENT = 0x01
"""The flag by which a security key says that it was touched (PROTOCOL.u2f)."""
_ED25519, _RSA = "ssh-ed25519", "ssh-rsa"
_SK_ED25519, _SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
_P256 = "ecdsa-sha2-nistp256"
_CURVES: Mapping[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    _P256: (ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_BY: Mapping[str, tuple[bytes, ...]] = {_RSA: (b"rsa-sha2-512", b"rsa-sha2-256")}
"""How keys sign, where it is not called as the key is. Plain `ssh-rsa` is SHA-1: never."""


class NotTouched(Exception):
    """A security key signed without being touched."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of tenants.yaml."""

    kind: str
    blob: bytes
    """As it is within signatures and the agent's answers."""

    @property
    def line(self) -> str:
        """As it stands in tenants.yaml, without its comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` says it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"


def read_key(line: str) -> Key:
    """A line `type base64 [comment]`. Raises ValueError for one that is not fit to sign approvals with."""
    unfit = why_unfit(line)
    if unfit is not None:
        raise ValueError(unfit.en)
    words = line.split()
    return Key(words[0], base64.b64decode(words[1]))


def check(key: Key, signature: bytes, message: bytes) -> None:
    """Whether a signature (`string kind, string value, …`) is the key's over a message.

    Raises `Malformed`, `InvalidSignature`, and `NotTouched` where a security key was not touched.
    """
    fields = Reader(signature)
    kind, value = fields.string(), fields.string()
    if kind not in _BY.get(key.kind, (key.kind.encode(),)):
        raise Malformed("a signature of another kind than the key")
    if key.kind in (_SK_ED25519, _SK_ECDSA):
        _check_security_key(key, value, fields, message)
        return
    fields.end()
    if key.kind in _CURVES:
        _check_ecdsa(_point(key), value, message, _CURVES[key.kind][1])
        return
    try:
        PublicKey.from_openssh_str(key.line).verify(signature, message)
    except (ValueError, NotImplementedError, UnsupportedAlgorithm) as error:
        raise Malformed("a key or signature that cannot be") from error


def _check_security_key(key: Key, value: bytes, fields: Reader, message: bytes) -> None:
    """PROTOCOL.u2f: signed is the hash of the application, flags, counter and the hash of the message."""
    flags, counter = fields.take(1), fields.take(4)
    fields.end()
    if not flags[0] & _USER_PRESENT:
        raise NotTouched
    blob = Reader(key.blob)
    public = [blob.string() for _ in range(3 if key.kind == _SK_ED25519 else 4)]
    blob.end()
    signed = (
        hashlib.sha256(public[-1]).digest() + flags + counter + hashlib.sha256(message).digest()
    )
    if key.kind == _SK_ED25519:
        ed25519.Ed25519PublicKey.from_public_bytes(public[1]).verify(value, signed)
        return
    _check_ecdsa(_curve_key(_P256, public[2]), value, signed, hashes.SHA256())


def _check_ecdsa(
    key: ec.EllipticCurvePublicKey, value: bytes, message: bytes, by: hashes.HashAlgorithm
) -> None:
    """RFC 5656 section 3.1.2: the value is two numbers."""
    numbers = Reader(value)
    r, s = numbers.mpint(), numbers.mpint()
    numbers.end()
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(by))


def _point(key: Key) -> ec.EllipticCurvePublicKey:
    blob = Reader(key.blob)
    blob.string()
    blob.string()
    return _curve_key(key.kind, blob.string())


def _curve_key(kind: str, point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kind][0], point)
    except ValueError as error:
        raise Malformed("no point of the curve") from error


__all__ = ["InvalidSignature", "Key", "NotTouched", "check", "read_key"]
