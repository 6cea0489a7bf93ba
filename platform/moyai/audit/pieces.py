"""A record before it has its place: its canonical JSON in four pieces. Pure.

Moment, hash of the record before, and number are known to whoever keeps the chain alone; put between the
pieces, in this order, they make the canonical JSON whose SHA-256 is the record's hash.
"""

from __future__ import annotations

from collections.abc import Mapping

from moyai.audit.details import checked, plain
from moyai.audit.records import SCHEMA
from moyai.canonical_json import canonical
from moyai.registry.models import JsonValue

Pieces = tuple[str, str, str, str]


def pieces(
    chain: str,
    *,
    actor: str,
    action: str,
    operation: str | None,
    plan_sha256: str | None,
    code: str | None,
    step: str | None,
    attempt: int | None,
    result: str,
    details: Mapping[str, JsonValue],
) -> Pieces:
    """The pieces of one record. TypeError where details are not plain values."""
    before = _members(action=action, actor=actor)
    middle = _members(
        attempt=attempt,
        chain=chain,
        code=code,
        details=plain(checked(details)),
        operation=operation,
        plan_sha256=plan_sha256,
    )
    after = _members(result=result, schema=SCHEMA)
    return (
        f'{{{before},"at":"',
        f'",{middle},"previous_sha256":"',
        f'",{after},"seq":',
        f",{_members(step=step)}}}",
    )


def _members(**values: object) -> str:
    return canonical(values).decode()[1:-1]
