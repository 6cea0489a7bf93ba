"""Steps on record, and what attempts left of them: begun, and their way back not gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moyai.canonical_json import sha256_of
from moyai.json_value import JsonValue
from moyai.planning.fleet.step_names import changes

Result = Mapping[str, JsonValue]

BACK = "-"
"""A step's name on its way back begins with it."""


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
    """Steps that were begun and whose way back was not gone to the end. One whose was need not be undone: it
    may have had nothing to take back, or stay on purpose (`planning.fleet.ways_back`)."""
    results: Mapping[str, Result]
    """Of those of them that were done, by name; and of `-NAME` where its way back was gone last."""


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


def changed(records: Sequence[StepRecord]) -> tuple[str, ...]:
    """Steps that may have changed something, begun and not taken back: each once, in the order in which they
    were begun last. By their names alone, for who does not know what their kind does."""
    left = left_by(records).steps
    found: dict[str, None] = {}
    for one in records:
        if one.name in left and changes(one.name):
            found.pop(one.name, None)
            found[one.name] = None
    return tuple(found)
