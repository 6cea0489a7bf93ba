"""Signatures of every kind of key count as OpenSSH says, and no other bytes do."""

from __future__ import annotations

import base64
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from made_keys import (
    KINDS,
    Theirs,
    line,
    needs_keygen,
    private,
    security_signature,
    signature,
)

from moyai.approvals.keys import read_key
from moyai.approvals.signatures import armoured, read_signature, signed_bytes, verify
from moyai.approvals.subjects import APPROVAL_NAMESPACE, PLAN_NAMESPACE
from moyai.approvals.wire import Reader, string

MESSAGE = b"20261126-3 " + b"ab" * 32 + b" plan\n"
NAMESPACE = APPROVAL_NAMESPACE


@cache
def good(name: str) -> str:
    with TemporaryDirectory() as folder:
        return signature(name, MESSAGE, NAMESPACE, Path(folder))


def reason(text: str, message: bytes, namespace: str, public: str) -> str | None:
    rejection = verify(text, message, namespace, public)
    if rejection is None:
        return None
    assert all((rejection.what.ja, rejection.what.en, rejection.remedy.ja, rejection.remedy.en))
    return rejection.reason


@pytest.mark.parametrize("name", KINDS)
def test_a_signature_counts_for_its_line_its_use_and_its_key_only(name: str) -> None:
    text, public = good(name), line(name)
    assert reason(text, MESSAGE, NAMESPACE, public) is None
    assert reason(text.replace("\n", "\r\n"), MESSAGE, NAMESPACE, public) is None
    assert reason(text, MESSAGE + b"x", NAMESPACE, public) == "wrong-signature"
    assert reason(text, MESSAGE, PLAN_NAMESPACE, public) == "wrong-namespace"
    assert reason(text, MESSAGE, NAMESPACE, line(name, 1)) == "wrong-key"
    assert reason(text, MESSAGE, NAMESPACE, "ssh-ed25519 AAAA") == "unfit-key"


@needs_keygen
@pytest.mark.parametrize("name", KINDS)
def test_openssh_accepts_what_we_sign(name: str, tmp_path: Path) -> None:
    theirs = Theirs(tmp_path)
    assert theirs.says_yes(good(name), MESSAGE, NAMESPACE, line(name))
    assert not theirs.says_yes(good(name), MESSAGE + b"x", NAMESPACE, line(name))


@given(st.sampled_from(KINDS), st.data())
def test_no_other_bytes_count(name: str, data: st.DataObject) -> None:
    blob = base64.b64decode("".join(good(name).split("\n")[1:-2]))
    at = data.draw(st.integers(0, len(blob) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != blob[at]))
    for changed in (
        blob[:at] + bytes([byte]) + blob[at + 1 :],
        blob[:at],
        blob[:at] + bytes([byte]) + blob[at:],
        blob + bytes([byte]),
    ):
        encoded = base64.b64encode(changed).decode()
        text = f"-----BEGIN SSH SIGNATURE-----\n{encoded}\n-----END SSH SIGNATURE-----\n"
        assert reason(text, MESSAGE, NAMESPACE, line(name)) is not None


@given(st.sampled_from(KINDS), st.data())
def test_no_other_text_counts(name: str, data: st.DataObject) -> None:
    text = good(name)
    at = data.draw(st.integers(0, len(text.rstrip()) - 1))
    sign = data.draw(st.characters().filter(lambda one: one != text[at]))
    changed = text[:at] + sign + text[at + 1 :]
    if changed.split() != text.split():
        assert reason(changed, MESSAGE, NAMESPACE, line(name)) is not None


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_what_is_no_signature_is_rejected(text: str) -> None:
    assert reason(text, MESSAGE, NAMESPACE, line("ed25519")) == "malformed"


@given(st.sampled_from(KINDS), st.binary(max_size=200))
def test_any_value_under_the_right_key_is_rejected(name: str, value: bytes) -> None:
    text = armoured(read_key(line(name)).blob, NAMESPACE, value)
    assert reason(text, MESSAGE, NAMESPACE, line(name)) == "malformed"
    kind = Reader(read_signature(good(name)).value).string()
    after = b"\1\0\0\0\1" if name.startswith("sk-") else b""
    text = armoured(read_key(line(name)).blob, NAMESPACE, string(kind) + string(value) + after)
    assert reason(text, MESSAGE, NAMESPACE, line(name)) in ("malformed", "wrong-signature")


@pytest.mark.parametrize(
    ("kind", "by"),
    [(b"ssh-rsa", hashes.SHA1()), (b"rsa-sha2-256", hashes.SHA256())],
)
def test_rsa_counts_with_sha_2_only(kind: bytes, by: hashes.HashAlgorithm) -> None:
    signed = private("rsa").sign(signed_bytes(MESSAGE, NAMESPACE), padding.PKCS1v15(), by)
    text = armoured(read_key(line("rsa")).blob, NAMESPACE, string(kind) + string(signed))
    expected = "malformed" if kind == b"ssh-rsa" else None
    assert reason(text, MESSAGE, NAMESPACE, line("rsa")) == expected


def test_another_base64_of_the_same_bytes_does_not_count() -> None:
    text = good("sk-ed25519")
    last = text.split("\n")[-3]
    assert last.endswith("=")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(last.rstrip("=")) - 1
    other = last[:at] + letters[letters.index(last[at]) + 1] + last[at + 1 :]
    assert base64.b64decode(other) == base64.b64decode(last)
    changed = text.replace(last, other)
    assert reason(changed, MESSAGE, NAMESPACE, line("sk-ed25519")) == "malformed"


@pytest.mark.parametrize("name", ["p256", "sk-ecdsa"])
def test_the_numbers_of_a_signature_have_one_form(name: str) -> None:
    fields = Reader(read_signature(good(name)).value)
    kind, numbers = fields.string(), Reader(fields.string())
    after = b"\1\0\0\0\7" if name == "sk-ecdsa" else b""
    r, s = numbers.string(), numbers.string()
    for one, expected in ((r, None), (b"\0" + r, "malformed"), (b"\x80" + r, "malformed")):
        value = string(kind) + string(string(one) + string(s)) + after
        text = armoured(read_key(line(name)).blob, NAMESPACE, value)
        assert reason(text, MESSAGE, NAMESPACE, line(name)) == expected


def test_a_short_rsa_key_is_unfit() -> None:
    short = rsa.generate_private_key(65537, 2048).public_key()
    public = short.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert reason(good("rsa"), MESSAGE, NAMESPACE, public) == "unfit-key"


@pytest.mark.parametrize("name", ["sk-ed25519", "sk-ecdsa"])
def test_a_security_key_has_to_be_touched(name: str) -> None:
    for flags, expected in ((0, "not-touched"), (4, "not-touched"), (1, None), (5, None)):
        text = security_signature(name, MESSAGE, NAMESPACE, flags=flags)
        assert reason(text, MESSAGE, NAMESPACE, line(name)) == expected


def test_a_signature_by_sha256_counts_and_a_reserved_field_does_not() -> None:
    key = read_key(line("ed25519"))
    value = private("ed25519").sign(signed_bytes(MESSAGE, NAMESPACE, "sha256"))
    text = armoured(key.blob, NAMESPACE, string(b"ssh-ed25519") + string(value), "sha256")
    assert reason(text, MESSAGE, NAMESPACE, line("ed25519")) is None
    fields = (key.blob, NAMESPACE.encode(), b"x", b"sha256", string(b"ssh-ed25519") + string(value))
    blob = b"SSHSIG\0\0\0\1" + b"".join(string(one) for one in fields)
    reserved = "\n".join(
        (
            "-----BEGIN SSH SIGNATURE-----",
            base64.b64encode(blob).decode(),
            "-----END SSH SIGNATURE-----",
            "",
        )
    )
    assert reason(reserved, MESSAGE, NAMESPACE, line("ed25519")) == "malformed"
