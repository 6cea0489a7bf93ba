"""Steps on record, and what attempts left of them: begun, and not taken back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moyai.canonical_json import sha256_of
from moyai.registry.models import JsonValue

Result = Mapping[str, JsonValue]

BACK = "-"
"""A step's name while it is taken back begins with it."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step on record. `status`: `intended`, `done`, `failed`."""

    name: str
    ordinal: int
    status: str
    result: Mapping[str, Any]
    """Of a failed one: its error."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a new attempt finds."""

    steps: frozenset[str]
    """Steps that were begun and not taken back."""
    results: Mapping[str, Result]
    """Of those of them that were done, by name; and of `-NAME` where a step was taken back last."""


def ledger_sha256(records: Iterable[StepRecord]) -> str:
    """A hash of which steps were begun and how they ended."""
    return sha256_of([[one.name, one.ordinal, one.status] for one in records])


def left_by(records: Iterable[StepRecord]) -> Left:
    """What attempts left, given all of their steps in the order in which they began."""
    steps: set[str] = set()
    results: dict[str, Result] = {}
    for one in records:
        name = one.name.removeprefix(BACK)
        if one.name == name:
            steps.add(name)
            results.pop(BACK + name, None)
        elif one.status == "done":
            steps.discard(name)
            results.pop(name, None)
        if one.status == "done":
            results[one.name] = one.result
    return Left(frozenset(steps), results)
