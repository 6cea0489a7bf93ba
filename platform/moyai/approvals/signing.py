"""Signing with an operator's private key: by the ssh-agent, a key file, or `ssh-keygen`.

The agent comes first, as it has security keys and keys under a passphrase too. Moyai itself reads only key
files without a passphrase; `ssh-keygen` asks for a passphrase or a touch by itself, so that neither is ever
in this process. Nothing of a private key is in an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from moyai.approvals.agent import AgentSigner, keys_of_agent
from moyai.approvals.key_files import KeyFileSigner, holds
from moyai.approvals.keygen import KeygenSigner, keygen
from moyai.approvals.keys import Key, read_key
from moyai.approvals.signing_errors import CannotSign
from moyai.texts import Text

_USUAL = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk")
"""Where `ssh-keygen` puts keys, in `~/.ssh`; others with a `.pub` beside them are looked at after these."""


class Signer(Protocol):
    """Signs with one key."""

    def sign(self, message: bytes, namespace: str) -> str:
        """An armoured SSH signature over a message. Raises `CannotSign`."""


def find_signer(ssh_public_key: str, key_file: Path | None, environ: Mapping[str, str]) -> Signer:
    """Who signs with the private key of this public key.

    `key_file`: the file of the private key, where the person named one; None: the agent of `SSH_AUTH_SOCK`,
    then the usual files in `HOME`. Raises `CannotSign` where the key is nowhere, and ValueError for a public
    key that tenants.yaml would not have.
    """
    key = read_key(ssh_public_key)
    if key_file is None and key.blob in keys_of_agent(environ):
        return AgentSigner(key, environ)
    if key_file is not None:
        return _named(key, key_file, environ)
    for file in _usual_files(environ):
        if _has(file, key):
            return _of_file(key, file, environ)
    raise _nowhere(key)


def _named(key: Key, file: Path, environ: Mapping[str, str]) -> Signer:
    if holds(file).public_blob != key.blob:
        raise _other_key(key, file)
    return _of_file(key, file, environ)


def _usual_files(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("HOME"):
        folder = Path(environ["HOME"]) / ".ssh"
        yield from (folder / name for name in _USUAL if (folder / name).is_file())
        with suppress(OSError):
            beside = (one.with_suffix("") for one in sorted(folder.glob("*.pub")))
            yield from (one for one in beside if one.name not in _USUAL and one.is_file())


def _has(file: Path, key: Key) -> bool:
    try:
        return holds(file).public_blob == key.blob
    except CannotSign:
        return False  # one that nobody named may be of any kind


def _of_file(key: Key, file: Path, environ: Mapping[str, str]) -> Signer:
    if holds(file).needs_keygen:
        return KeygenSigner(file, keygen(environ), environ)
    return KeyFileSigner(key, file)


def _other_key(key: Key, file: Path) -> CannotSign:
    return CannotSign(
        Text(
            f"{file} は、tenants.yaml にある鍵（{key.fingerprint}）の秘密鍵ではありません。",
            f"{file} is not the private key of the key in tenants.yaml ({key.fingerprint}).",
        ),
        Text(
            "その鍵のファイルを指定するか、tenants.yaml の ssh_key を直してください。",
            "Name that key's file, or correct ssh_key in tenants.yaml.",
        ),
    )


def _nowhere(key: Key) -> CannotSign:
    return CannotSign(
        Text(
            f"署名に使う秘密鍵（{key.fingerprint}）が、ssh-agent にも、~/.ssh の鍵（通常の名前か、.pub が"
            "並ぶもの）にもありません。",
            f"The private key to sign with ({key.fingerprint}) is neither in the ssh-agent nor among the "
            "keys of ~/.ssh that have a usual name or a .pub beside them.",
        ),
        Text(
            "ssh-add で鍵を agent に加えるか、--key で鍵のファイルを指定してください。",
            "Add the key to the agent with ssh-add, or name its file with --key.",
        ),
    )
