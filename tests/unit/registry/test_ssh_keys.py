"""Operators' public keys."""

from __future__ import annotations

import base64

import pytest

from moyai.registry.ssh_keys import why_unfit


def _field(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def _key(kind: str, *fields: bytes) -> str:
    blob = b"".join(_field(field) for field in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(blob).decode()} tanto@example.jp"


def _rsa(bits: int) -> str:
    modulus = (1 << (bits - 1)) | 1
    return _key("ssh-rsa", b"\x01\x00\x01", b"\0" + modulus.to_bytes(bits // 8, "big"))


ED25519 = _key("ssh-ed25519", b"k" * 32)
P256 = b"\x04" + b"k" * 64

FIT = {
    "ed25519": ED25519,
    "ed25519 without a comment": ED25519.rpartition(" ")[0],
    "rsa 3072": _rsa(3072),
    "rsa 4096": _rsa(4096),
    "ecdsa 256": _key("ecdsa-sha2-nistp256", b"nistp256", P256),
    "ecdsa 384": _key("ecdsa-sha2-nistp384", b"nistp384", b"\x04" + b"k" * 96),
    "ecdsa 521": _key("ecdsa-sha2-nistp521", b"nistp521", b"\x04" + b"k" * 132),
    "security key": _key("sk-ssh-ed25519@openssh.com", b"k" * 32, b"ssh:"),
    "security key, ecdsa": _key("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", P256, b"ssh:"),
}

UNFIT = {
    "nothing": ("", "not an SSH public key"),
    "a word": ("tanto", "not an SSH public key"),
    "dsa": (_key("ssh-dss", b"p", b"q", b"g", b"y"), "not an SSH public key"),
    "no base64": ("ssh-ed25519 ***", "cut off or garbled"),
    "cut off": (ED25519.rpartition(" ")[0][:-12], "cut off or garbled"),
    "short": (_key("ssh-ed25519", b"k" * 31), "cut off or garbled"),
    "another kind inside": (
        ED25519.replace("ssh-ed25519", "ssh-rsa", 1),
        "cut off or garbled",
    ),
    "curve of another kind": (
        _key("ecdsa-sha2-nistp256", b"nistp384", P256),
        "cut off or garbled",
    ),
    "too many fields": (_key("ssh-ed25519", b"k" * 32, b"more"), "cut off or garbled"),
    "rsa 2048": (_rsa(2048), "3072 bits or more"),
    "private": ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "a private key"),
    "two lines": (ED25519 + "\n" + ED25519, "one key on one line"),
    "with options": ('command="x" ' + ED25519, "not an SSH public key"),
}


@pytest.mark.parametrize("name", FIT)
def test_a_fit_key(name: str) -> None:
    assert why_unfit(FIT[name]) is None


@pytest.mark.parametrize("name", UNFIT)
def test_an_unfit_key(name: str) -> None:
    line, reason = UNFIT[name]
    why = why_unfit(line)
    assert why is not None
    assert reason in why.en
    assert "kkkk" not in why.en + why.ja
