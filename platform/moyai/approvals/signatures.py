"""SSH signatures (OpenSSH's PROTOCOL.sshsig): what they look like, and whether one counts. Pure.

Stricter than `ssh-keygen -Y verify`, so that there is one form of a signature only: nothing around
the armour or behind the fields, no reserved field, the shortest form of numbers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from moyai.approvals.keys import InvalidSignature, Key, NotTouched, check, read_key
from moyai.approvals.rejections import Rejection
from moyai.approvals.wire import Malformed, Reader, string
from moyai.registry.ssh_keys import why_unfit
from moyai.texts import Text, visible

_MAGIC = b"SSHSIG"
_VERSION = 1
_HASHES = ("sha512", "sha256")
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_LARGEST = 16 << 10
"""Characters of a signature; one by RSA with 16,384 bits has 6,000."""
_ARMOUR = re.compile(rf"\s*{_BEGIN}\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+){_END}\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signature:
    """What is in one; whether it is right is another question."""

    public_key: bytes
    namespace: bytes
    hashed_by: str
    value: bytes


def verify(
    signature_text: str, line: bytes, namespace: str, ssh_public_key: str
) -> Rejection | None:
    """Why a signature is not this key's over this line in this namespace; None: it is.

    `line` as `subjects.signed_line` makes it, `ssh_public_key` as in tenants.yaml. Raises nothing.
    """
    unfit = why_unfit(ssh_public_key)
    if unfit is not None:
        return _unfit_key(unfit)
    key = read_key(ssh_public_key)
    try:
        signature = read_signature(signature_text)
    except Malformed:
        return MALFORMED
    if signature.public_key != key.blob:
        return _wrong_key(key.fingerprint)
    if signature.namespace != namespace.encode():
        return _wrong_namespace(namespace, signature.namespace)
    try:
        check(key, signature.value, signed_bytes(line, namespace, signature.hashed_by))
    except NotTouched:
        return _NOT_TOUCHED
    except InvalidSignature:
        return _WRONG
    except Malformed:
        return MALFORMED
    return None


def is_over(signature_text: str, line: bytes, namespace: str) -> bool | None:
    """Whether a signature is over a line, by the key that it names itself, whoever's that is; None where it
    cannot be read. Raises nothing."""
    found = signing_key(signature_text, line, namespace)
    if isinstance(found, Key):
        return True
    return False if found == _WRONG else None


def signing_key(signature_text: str, line: bytes, namespace: str) -> Key | Rejection:
    """The key that made a signature over a line, as the signature says it itself, or why it is none.

    Whose key that is the signature cannot say. Raises nothing.
    """
    try:
        blob = read_signature(signature_text).public_key
        key = Key(Reader(blob).string().decode("ascii", "replace"), blob)
    except Malformed:
        return MALFORMED
    if why_unfit(key.line) is not None:
        return _UNFIT
    return verify(signature_text, line, namespace, key.line) or key


def read_signature(text: str) -> Signature:
    """The fields of an armoured signature. Raises `Malformed`."""
    found = _ARMOUR.fullmatch(text) if len(text) <= _LARGEST else None
    if found is None:
        raise Malformed("no armour")
    encoded = "".join(found[1].split())
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Malformed("no Base64") from None
    if base64.b64encode(blob).decode() != encoded:
        raise Malformed("another Base64 of the same bytes")
    fields = Reader(blob)
    if fields.take(len(_MAGIC)) != _MAGIC or fields.uint32() != _VERSION:
        raise Malformed("no signature of this version")
    public_key, namespace, reserved = fields.string(), fields.string(), fields.string()
    hashed_by, value = fields.string().decode("ascii", "replace"), fields.string()
    fields.end()
    if reserved or hashed_by not in _HASHES:
        raise Malformed("a reserved field or an unknown hash")
    return Signature(public_key, namespace, hashed_by, value)


def signed_bytes(message: bytes, namespace: str, hashed_by: str = _HASHES[0]) -> bytes:
    """What a key really signs."""
    digest = hashlib.new(hashed_by, message).digest()
    parts = (namespace.encode(), b"", hashed_by.encode(), digest)
    return _MAGIC + b"".join(string(part) for part in parts)


def armoured(public_key: bytes, namespace: str, value: bytes, hashed_by: str = _HASHES[0]) -> str:
    """A signature as a text, as `ssh-keygen -Y sign` writes it."""
    parts = (public_key, namespace.encode(), b"", hashed_by.encode(), value)
    blob = _MAGIC + _VERSION.to_bytes(4, "big") + b"".join(string(part) for part in parts)
    encoded = base64.b64encode(blob).decode()
    lines = [encoded[at : at + 70] for at in range(0, len(encoded), 70)]
    return "\n".join((_BEGIN, *lines, _END, ""))


_AGAIN = Text("もう一度署名してください。", "Sign once more.")
MALFORMED = Rejection(
    "malformed",
    Text(
        "SSH 署名ではないか、壊れているか、認めていない方式（SHA-1 など）です。",
        "This is no SSH signature, is damaged, or is made in a way that is not accepted (such as SHA-1).",
    ),
    _AGAIN,
)
_WRONG = Rejection(
    "wrong-signature",
    Text(
        "署名が、操作・計画・対象のどれかと合いません。",
        "The signature is not over this operation, plan and subject.",
    ),
    Text(
        "今の計画を確かめてから、もう一度署名してください。",
        "Look at the plan as it is now, then sign once more.",
    ),
)
_UNFIT = Rejection(
    "unfit-key",
    Text(
        "認めていない種類か、短すぎる鍵の署名です。",
        "It is by a key of a kind or length that is not accepted.",
    ),
    _AGAIN,
)
_NOT_TOUCHED = Rejection(
    "not-touched",
    Text(
        "セキュリティキーに触れずに作られた署名です。",
        "The security key signed without being touched.",
    ),
    Text(
        "no-touch-required を外した鍵で、もう一度署名してください。",
        "Sign once more with a key that asks for a touch (without no-touch-required).",
    ),
)


def _wrong_key(fingerprint: str) -> Rejection:
    return Rejection(
        "wrong-key",
        Text(
            f"tenants.yaml にある鍵（{fingerprint}）の署名ではありません。",
            f"The signature is not by the key in tenants.yaml ({fingerprint}).",
        ),
        Text(
            "その鍵で署名するか、tenants.yaml の ssh_key を直してください。",
            "Sign with that key, or correct ssh_key in tenants.yaml.",
        ),
    )


def _wrong_namespace(wanted: str, found: bytes) -> Rejection:
    said = visible(found.decode("utf-8", "replace"))[:80]
    return Rejection(
        "wrong-namespace",
        Text(
            f"別の用途（{said}）の署名です。要るのは {wanted} です。",
            f"This signature is for another use ({said}); it has to be {wanted}.",
        ),
        _AGAIN,
    )


def _unfit_key(reason: Text) -> Rejection:
    return Rejection(
        "unfit-key",
        Text(
            f"tenants.yaml の ssh_key が使えません（{reason.ja}）。",
            f"The ssh_key in tenants.yaml cannot be used ({reason.en}).",
        ),
        Text("tenants.yaml の ssh_key を直してください。", "Correct ssh_key in tenants.yaml."),
    )
