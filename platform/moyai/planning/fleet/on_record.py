"""Whether the plan on record is the one that was read, planned and approved. Pure.

Who is master of the database can write a plan, its hash and its approvals' hash anew. What a worker has read
before, and what people's keys have signed, cannot be written along. Whose keys these are is judged elsewhere
(`clearing`): here a signature is asked only whether it is over this plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moyai.approvals.signatures import is_over
from moyai.approvals.subjects import (
    APPROVAL_NAMESPACE,
    PLAN,
    PLAN_NAMESPACE,
    approval_line,
    signed_line,
)
from moyai.planning.fleet import said
from moyai.planning.fleet.clearing import Approval
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands on record of a plan."""

    digest: str
    """SHA-256 of the plan's bytes, reckoned."""
    plan_sha256: str
    """The hash beside it."""
    planner_signature: str | None
    approvals: tuple[tuple[str, Approval], ...]
    """Those of the subject `plan`, each with the hash beside it."""


def altered(operation: str, known_sha256: str, stored: Stored) -> Text | None:
    """Why nothing of an operation begins, as what is on record does not fit together; None: it does.

    `known_sha256`: of the plan as it was read before. A signature that nobody can read fits nothing and
    contradicts nothing: it counts for nothing.
    """
    found = tuple(_misfits(operation, known_sha256, stored))
    return said.altered(found) if found else None


def _misfits(operation: str, known_sha256: str, stored: Stored) -> Iterator[str]:
    if stored.digest != known_sha256:
        yield "read"
    if stored.plan_sha256 != stored.digest:
        yield "hash"
    signed = stored.planner_signature
    line = signed_line(operation, stored.digest, PLAN)
    if signed is not None and is_over(signed, line, PLAN_NAMESPACE) is False:
        yield "planner"
    fits = [_fits(operation, stored.digest, *one) for one in stored.approvals]
    if False in fits and True not in fits:
        yield "approvals"


def _fits(operation: str, digest: str, plan_sha256: str, approval: Approval) -> bool | None:
    if plan_sha256 != digest:
        return False
    if approval.signed_at is None:
        return None
    try:
        line = approval_line(operation, digest, PLAN, approval.signed_at)
    except ValueError:
        return None
    return is_over(approval.signature, line, APPROVAL_NAMESPACE)
