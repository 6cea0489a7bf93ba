"""SSH public keys as operators write them: the shape that OpenSSH itself would accept."""

from __future__ import annotations

import base64
import binascii

from moyai.texts import Text

_ALLOWED = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
_LEAST_RSA_BITS = 3072


def why_unfit(line: str) -> Text | None:
    """Why a line `type base64 [comment]` is no public key to sign approvals with; None: it is one."""
    if "PRIVATE KEY" in line:
        return Text(
            "秘密鍵です。すぐに取り除き、鍵を作り直してください",
            "this is a private key: take it out at once and make a new pair",
        )
    words = line.split()
    if len(words) < 2 or words[0] not in _ALLOWED:
        return Text(
            f"SSH 公開鍵ではありません（{', '.join(_ALLOWED[:3])} …）",
            f"not an SSH public key ({', '.join(_ALLOWED[:3])} …)",
        )
    fields = _fields(words[1])
    if not fields or fields[0] != words[0].encode():
        return Text("SSH 公開鍵が途中で切れています", "this SSH public key is cut off or garbled")
    if words[0] == "ssh-rsa" and (len(fields) < 3 or _bits(fields[2]) < _LEAST_RSA_BITS):
        return Text(
            f"RSA は {_LEAST_RSA_BITS} ビット以上です", f"RSA needs {_LEAST_RSA_BITS} bits or more"
        )
    return None


def _fields(encoded: str) -> list[bytes]:
    """The length-prefixed fields of a key (RFC 4253, section 6.6); empty where they do not fit."""
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
    return fields if len(fields) >= 2 else []


def _bits(number: bytes) -> int:
    return int.from_bytes(number, "big").bit_length()
