"""Secrets under a passphrase, in the form of Pulumi's own secrets manager.

A key is derived by PBKDF2 (SHA-256, a million rounds) from the passphrase and a salt; values are
`v1:<nonce>:<ciphertext and tag>` of AES-256-GCM, both in base64; the manager's state is
`v1:<salt>:<the word "pulumi" as such a value>`, by which a wrong passphrase is known. After
`config.NewSymmetricCrypterFromPassphrase` and `secrets/passphrase` of the pinned engine.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode

_ROUNDS = 1_000_000
_KEY_BYTES = 32
_NONCE_BYTES = 12
_KNOWN = b"pulumi"


class WrongPassphraseError(ValueError):
    """The passphrase is not that of the salt, or a value is none of its key."""


class Passphrase:
    """The key of one salt. Deriving it takes 0.2 seconds of a processor."""

    def __init__(self, state: str, phrase: str) -> None:
        """`state` is the manager's. Raises `WrongPassphraseError`, `ImportError` without AES."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.state = state
        try:
            version, salt, known = state.split(":", 2)
            if version != "v1":
                raise WrongPassphraseError(version)
            key = hashlib.pbkdf2_hmac(
                "sha256", phrase.encode(), b64decode(salt), _ROUNDS, _KEY_BYTES
            )
        except ValueError as error:
            raise WrongPassphraseError("no state of a passphrase") from error
        self._cipher = AESGCM(key)
        if self.decrypt(known) != _KNOWN:
            raise WrongPassphraseError("another word")

    def encrypt(self, value: bytes) -> str:
        """A value under the key."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, value, None)
        return f"v1:{b64encode(nonce).decode()}:{b64encode(sealed).decode()}"

    def decrypt(self, text: str) -> bytes:
        """What `encrypt` or the engine made. Raises `WrongPassphraseError`."""
        from cryptography.exceptions import InvalidTag

        try:
            version, nonce, sealed = text.split(":")
            if version != "v1":
                raise WrongPassphraseError(version)
            return self._cipher.decrypt(b64decode(nonce), b64decode(sealed), None)
        except (ValueError, InvalidTag) as error:
            raise WrongPassphraseError("no value of this key") from error
