"""Real keys for tests, security keys among them, and OpenSSH's own judgement of a signature."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from moyai.approvals.key_files import KeyFileSigner
from moyai.approvals.keys import Key, read_key
from moyai.approvals.signatures import armoured, signed_bytes
from moyai.approvals.wire import mpint, string

APPLICATION = b"ssh:"
KEYGEN = shutil.which("ssh-keygen")
needs_keygen = pytest.mark.skipif(KEYGEN is None, reason="ssh-keygen is not on PATH")

MAKERS: Mapping[str, Callable[[], Any]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
}
FILES = tuple(MAKERS)
KINDS = (*FILES, "sk-ed25519", "sk-ecdsa")


def private(name: str, number: int = 0) -> Any:
    return _made(name, number)


@cache
def _made(name: str, number: int) -> Any:
    return MAKERS[{"sk-ed25519": "ed25519", "sk-ecdsa": "p256"}.get(name, name)]()


def line(name: str, number: int = 0) -> str:
    """The public key as in tenants.yaml."""
    own = private(name, number).public_key()
    if name == "sk-ed25519":
        raw = own.public_bytes(Encoding.Raw, PublicFormat.Raw)
        kind, fields = b"sk-ssh-ed25519@openssh.com", (raw,)
    elif name == "sk-ecdsa":
        raw = own.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        kind, fields = b"sk-ecdsa-sha2-nistp256@openssh.com", (b"nistp256", raw)
    else:
        return f"{own.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} test"
    blob = b"".join(string(one) for one in (kind, *fields, APPLICATION))
    return f"{Key(kind.decode(), blob).line} test"


def write_private(name: str, file: Path, number: int = 0) -> Path:
    file.write_bytes(
        private(name, number).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    )
    file.chmod(0o600)
    file.with_name(f"{file.name}.pub").write_text(line(name, number) + "\n")
    return file


def security_signature(
    name: str, message: bytes, namespace: str, *, flags: int = 1, counter: int = 7
) -> str:
    """What a security key would sign (PROTOCOL.u2f)."""
    key = read_key(line(name))
    after = bytes([flags]) + counter.to_bytes(4, "big")
    data = signed_bytes(message, namespace)
    signed = hashlib.sha256(APPLICATION).digest() + after + hashlib.sha256(data).digest()
    if name == "sk-ed25519":
        value = private(name).sign(signed)
    else:
        r, s = decode_dss_signature(private(name).sign(signed, ec.ECDSA(hashes.SHA256())))
        value = mpint(r) + mpint(s)
    return armoured(key.blob, namespace, string(key.kind.encode()) + string(value) + after)


def signature(name: str, message: bytes, namespace: str, folder: Path, number: int = 0) -> str:
    if name.startswith("sk-"):
        return security_signature(name, message, namespace)
    file = write_private(name, folder / f"{name}-{number}", number)
    return KeyFileSigner(read_key(line(name, number)), file).sign(message, namespace)


@dataclass(frozen=True)
class Theirs:
    """OpenSSH itself."""

    folder: Path

    def says_yes(self, text: str, message: bytes, namespace: str, public: str) -> bool:
        signers, file = self.folder / "signers", self.folder / "signature"
        signers.write_text(f"me {public}\n")
        file.write_text(text)
        assert KEYGEN is not None
        command = [KEYGEN, "-Y", "verify", "-f", signers, "-I", "me", "-n", namespace, "-s", file]
        done = subprocess.run(command, input=message, capture_output=True, timeout=30)
        return done.returncode == 0

    def sign(self, message: bytes, namespace: str, file: Path, *more: str) -> str:
        assert KEYGEN is not None
        command = [KEYGEN, "-q", "-Y", "sign", "-f", file, "-n", namespace, *more]
        done = subprocess.run(command, input=message, capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()
