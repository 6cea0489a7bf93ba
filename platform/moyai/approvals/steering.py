"""What persons sign who steer an operation: pause, go on, cancel, try again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from moyai.canonical_json import sha256_of

STEERING_NAMESPACE = "moyai-steering@1"
"""A signature in it approves nothing, and an approval steers nothing. The line is an approval's, with what is
asked for in the place of its subject."""
AT_ONCE = timedelta(minutes=15)
"""Between a signature and the record of what was asked by it: a person may have to touch a key. The database
takes one for 14 minutes (`moyai.put_steering`)."""


@dataclass(frozen=True, slots=True)
class SignedWord:
    """What a person asked for, signed."""

    asked: str
    """`pause`, `cancel`, `stop`, `resume`, `resume:wave:2,wave:3`, `retry:SHA256` (of the bodies)."""
    signature: str
    """Armoured."""
    signed_at: datetime
    """In UTC, in whole seconds."""


def resumed(waves: Iterable[int]) -> str:
    """Going on, with the held waves that are let go."""
    named = ",".join(f"wave:{number}" for number in sorted(waves))
    return f"resume:{named}" if named else "resume"


def retried(codes: Iterable[str]) -> str:
    """Trying bodies again: by a hash, as a body's own record names no other."""
    return f"retry:{sha256_of({'codes': sorted(codes)})}"


def says(asked: str, action: str, what: Sequence[str], codes: Sequence[str] | None) -> bool:
    """Whether what was signed is what a record says was asked for.

    `action`: of the record, without `operation.`; `what`: what was let go; `codes`: the bodies to be tried
    again; None: the record does not have all.
    """
    if action == "run":
        return asked.partition(":")[0] == "resume"
    if action == "release":
        word, _, named = asked.partition(":")
        return word == "resume" and set(what) - {"operation"} <= set(named.split(","))
    if action == "retry":
        return asked == retried(codes) if codes is not None else asked.startswith("retry:")
    return asked == action
