"""SSH public keys as operators write them: the shape that OpenSSH itself would accept."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from moyai.texts import Text

_POINT_256 = 65
"""Bytes of an uncompressed point on P-256: a sign and two coordinates."""

_SHAPES: Mapping[str, tuple[bytes | int | None, ...]] = {
    "ssh-ed25519": (32,),
    "ecdsa-sha2-nistp256": (b"nistp256", _POINT_256),
    "ecdsa-sha2-nistp384": (b"nistp384", 97),
    "ecdsa-sha2-nistp521": (b"nistp521", 133),
    "ssh-rsa": (None, None),
    "sk-ssh-ed25519@openssh.com": (32, None),
    "sk-ecdsa-sha2-nistp256@openssh.com": (b"nistp256", _POINT_256, None),
}
"""Kind → its fields behind the kind's own name: these bytes, so many bytes, or any (RFC 4253 section
6.6, RFC 5656 section 3.1, RFC 8709 section 4, OpenSSH's PROTOCOL.u2f)."""

_LEAST_RSA_BITS = 3072


def why_unfit(line: str) -> Text | None:
    """Why a line `type base64 [comment]` is no public key to sign approvals with; None: it is one."""
    if "PRIVATE KEY" in line:
        return Text(
            "秘密鍵です。すぐに取り除き、鍵を作り直してください",
            "this is a private key: take it out at once and make a new pair",
        )
    if len(line.strip().splitlines()) > 1:
        return Text("鍵は1行に一つです", "one key on one line")
    words = line.split()
    if len(words) < 2 or words[0] not in _SHAPES:
        return Text(
            "SSH 公開鍵（ssh-ed25519 AAAA… など）ではありません",
            "not an SSH public key such as ssh-ed25519 AAAA…",
        )
    kind, *fields = _fields(words[1]) or [b""]
    if kind != words[0].encode() or not _fit(fields, _SHAPES[words[0]]):
        return Text(
            "SSH 公開鍵が途中で切れているか、壊れています",
            "this SSH public key is cut off or garbled",
        )
    if words[0] == "ssh-rsa" and int.from_bytes(fields[1], "big").bit_length() < _LEAST_RSA_BITS:
        return Text(
            f"RSA は {_LEAST_RSA_BITS} ビット以上です", f"RSA needs {_LEAST_RSA_BITS} bits or more"
        )
    return None


def _fit(fields: list[bytes], shape: tuple[bytes | int | None, ...]) -> bool:
    return len(fields) == len(shape) and all(
        wanted is None or field == wanted or len(field) == wanted
        for field, wanted in zip(fields, shape, strict=True)
    )


def _fields(encoded: str) -> list[bytes]:
    """The length-prefixed fields of a key; empty where they do not fit."""
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return []
    fields: list[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            return []
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields
