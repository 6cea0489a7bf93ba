"""Anchors: heads of chains, kept where nobody can change them any more. Pure.

A chain alone cannot show that its newest records were cut off, or that all of it was written anew; an
anchor in an object-locked bucket can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from moyai.audit.records import CHAIN_NAME, Head

SCHEMA = "moyai.audit-anchor/1"
_PREFIX = "audit/anchors/"
_KEY = re.compile(rf"{_PREFIX}({CHAIN_NAME.pattern})/([0-9]{{12}})-([0-9a-f]{{64}})\.json")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head that a chain had at a moment (UTC)."""

    chain: str
    seq: int
    sha256: str
    at: datetime


def prefix(chain: str) -> str:
    """Where a chain's anchors are; listed, the newest is the last."""
    return f"{_PREFIX}{chain}/"


def object_key(anchor: Anchor) -> str:
    """The key of its object: `audit/anchors/CHAIN_NAME/SEQ-SHA256.json`, the number in twelve digits."""
    return f"{prefix(anchor.chain)}{anchor.seq:012d}-{anchor.sha256}.json"


def head_of_key(key: str) -> Head | None:
    """What a key says by itself; None where it is no anchor's."""
    found = _KEY.fullmatch(key)
    return None if found is None else Head(found[1], int(found[2]), found[3])


def to_document(anchor: Anchor) -> dict[str, object]:
    """An anchor as JSON values."""
    return {
        "schema": SCHEMA,
        "chain": anchor.chain,
        "seq": anchor.seq,
        "sha256": anchor.sha256,
        "at": anchor.at.astimezone(UTC).isoformat(),
    }


def from_document(document: Mapping[str, object]) -> Anchor:
    """The anchor that `to_document` wrote. Raises ValueError for anything else."""
    chain, seq, sha256 = (document.get(key) for key in ("chain", "seq", "sha256"))
    at = document.get("at")
    if (
        document.get("schema") != SCHEMA
        or not (type(chain) is str and type(sha256) is str and type(at) is str)
        or type(seq) is not int
    ):
        raise ValueError("no anchor")
    anchor = Anchor(chain, seq, sha256, datetime.fromisoformat(at))
    if seq < 1 or head_of_key(object_key(anchor)) is None or anchor.at.utcoffset() != timedelta(0):
        raise ValueError("no anchor")
    return anchor
