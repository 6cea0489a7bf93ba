"""Stacks' secrets for the engines of one worker: encrypted here, under the site's passphrase.

Each engine would derive the passphrase's key anew, which was two fifths of its processor time. So
engines are told that their secrets are the service's (`secrets/service`), and ask it. What is kept
has the form of Pulumi's passphrase secrets all the same: values and the manager's state are put
from the one form into the other on the way in and out.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint import SECRET, SIGNATURE
from moyai.engine.worker.passphrase import Passphrase, WrongPassphraseError


class Secrets:
    """Keys by salt, and which stack has which."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
        self._keys: dict[str, Passphrase | None] = {}
        self._of: dict[StackId, Passphrase] = {}

    def open(self, stack: StackId, salt: str | None) -> bool:
        """Whether a stack's secrets can be served; if not, its engine does it by itself, or tells."""
        if salt is None or self._file is None:
            return False
        if salt not in self._keys:
            self._keys[salt] = self._key(salt)
        key = self._keys[salt]
        if key is not None:
            self._of[stack] = key
        return key is not None

    def _key(self, salt: str) -> Passphrase | None:
        assert self._file is not None
        try:
            return Passphrase(salt, Path(self._file).read_text().strip())
        except (OSError, ValueError, ImportError):
            return None

    def encrypt(self, stack: StackId, plaintext: str) -> str:
        """A value in base64 → its ciphertext in base64. Raises `LookupError` for another stack."""
        return _outside(self._of[stack].encrypt(b64decode(plaintext)))

    def decrypt(self, stack: StackId, ciphertext: str) -> str:
        """The way back. Raises `LookupError`, `WrongPassphraseError`."""
        return b64encode(self._of[stack].decrypt(_inside(ciphertext))).decode()

    def for_engine(self, stack: StackId, deployment: Any, url: str) -> Any:
        """A deployment as an engine of the service at `url` is to see it; a copy."""
        state = ((deployment or {}).get("secrets_providers") or {}).get("state") or {}
        if not self.open(stack, state.get("salt")):
            return deployment
        served = {"url": url, "owner": "organization", "project": stack.project}
        manager = {"type": "service", "state": {**served, "stack": stack.name}}
        return {**_translated(deployment, _outside), "secrets_providers": manager}

    def for_keeping(self, stack: StackId, entries: Any) -> Any:
        """Entries of an engine's journal as they are to be kept; a copy."""
        if stack not in self._of:
            return entries
        manager = {"type": "passphrase", "state": {"salt": self._of[stack].state}}
        kept = _translated(entries, _inside)
        for entry in kept:
            for holder, key in (
                (entry, "secretsProvider"),
                (entry.get("newSnapshot") or {}, "secrets_providers"),
            ):
                if (holder.get(key) or {}).get("type") == "service":
                    holder[key] = manager
        return kept


def _outside(value: str) -> str:
    return b64encode(value.encode()).decode()


def _inside(value: str) -> str:
    try:
        return b64decode(value).decode()
    except ValueError as error:
        raise WrongPassphraseError("no value of the service") from error


def _translated(value: Any, ciphertext: Callable[[str], str]) -> Any:
    """A copy with each ciphertext put into the other form."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET and "ciphertext" in value:
            return {**value, "ciphertext": ciphertext(value["ciphertext"])}
        return {key: _translated(part, ciphertext) for key, part in value.items()}
    if isinstance(value, list):
        return [_translated(part, ciphertext) for part in value]
    return value
