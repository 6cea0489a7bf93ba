"""Private keys in files as `ssh-keygen` writes them (OpenSSH's PROTOCOL.key)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_ssh_private_key

from moyai.approvals.keys import Key
from moyai.approvals.signatures import armoured, signed_bytes
from moyai.approvals.signing_errors import CannotSign
from moyai.approvals.wire import Malformed, Reader, mpint, string
from moyai.texts import Text, of_system

_MAGIC = b"openssh-key-v1\0"
_LARGEST = 64 << 10
_PEM = re.compile(
    rb"-----BEGIN OPENSSH PRIVATE KEY-----\s(.*?)-----END OPENSSH PRIVATE KEY-----", re.DOTALL
)
_CURVE_HASHES: Mapping[int, hashes.HashAlgorithm] = {
    256: hashes.SHA256(),
    384: hashes.SHA384(),
    521: hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What can be known of a key file without its passphrase."""

    public_blob: bytes
    needs_keygen: bool
    """Whether it is under a passphrase, or stands for a security key."""


def holds(file: Path) -> Held:
    """Which key a file has. Raises `CannotSign` where it cannot be read or is none of OpenSSH's."""
    content = _content(file)
    found = _PEM.search(content)
    try:
        if found is None:
            raise Malformed("no key of OpenSSH")
        fields = Reader(base64.b64decode(found[1]))
        if fields.take(len(_MAGIC)) != _MAGIC:
            raise Malformed("no key of OpenSSH")
        cipher = fields.string()
        fields.string()
        fields.string()
        if fields.uint32() != 1:
            raise Malformed("several keys")
        blob = fields.string()
        kind = Reader(blob).string()
    except (binascii.Error, Malformed):
        raise _no_key(file) from None
    return Held(blob, cipher != b"none" or kind.startswith(b"sk-"))


@dataclass(frozen=True, slots=True)
class KeyFileSigner:
    """Signs with a key file that has no passphrase; the key is read for each signature, and not kept."""

    key: Key
    file: Path

    def sign(self, message: bytes, namespace: str) -> str:
        """An armoured SSH signature. Raises `CannotSign`."""
        value = self._value(signed_bytes(message, namespace))
        return armoured(self.key.blob, namespace, value)

    def _value(self, data: bytes) -> bytes:
        # What the library says of a file may have some of it: no error is raised from another here.
        try:
            private = load_ssh_private_key(_content(self.file), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _no_key(self.file) from None
        if isinstance(private, ed25519.Ed25519PrivateKey):
            return string(b"ssh-ed25519") + string(private.sign(data))
        if isinstance(private, rsa.RSAPrivateKey):
            signed = private.sign(data, padding.PKCS1v15(), hashes.SHA512())
            return string(b"rsa-sha2-512") + string(signed)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            by = _CURVE_HASHES[private.curve.key_size]
            r, s = decode_dss_signature(private.sign(data, ec.ECDSA(by)))
            return string(self.key.kind.encode()) + string(mpint(r) + mpint(s))
        raise _no_key(self.file)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        said = of_system(error)
        raise CannotSign(
            Text(
                f"鍵のファイル {file} を読めません（{said.ja}）。",
                f"The key file {file} cannot be read ({said.en}).",
            ),
            Text("ファイルを確かめてください。", "Look at the file."),
        ) from None
    if len(content) > _LARGEST:
        raise _no_key(file)
    return content


def _no_key(file: Path) -> CannotSign:
    return CannotSign(
        Text(
            f"{file} は、OpenSSH の秘密鍵ではありません。",
            f"{file} is no private key of OpenSSH.",
        ),
        Text(
            "秘密鍵のファイル（.pub でないほう）を指定してください。古い形式の鍵は "
            "ssh-keygen -p -f FILE で書き直せます。",
            "Name the file of the private key (not the .pub). A key in an older format is "
            "rewritten by ssh-keygen -p -f FILE.",
        ),
    )
