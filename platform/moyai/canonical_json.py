"""Canonical JSON, so that the same values have the same bytes and the same hash everywhere."""

from __future__ import annotations

import hashlib
import json


def canonical(document: object) -> bytes:
    """Canonical JSON, as RFC 8785 has it for what occurs here: no floats, keys in ASCII.

    Raises TypeError for what JSON does not have, ValueError for NaN and for text that is no Unicode.
    """
    return json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def sha256_of(document: object) -> str:
    """SHA-256 over the canonical form, in hexadecimal digits."""
    return hashlib.sha256(canonical(document)).hexdigest()
