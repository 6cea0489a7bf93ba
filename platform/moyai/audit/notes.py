"""What a chain is told by others than the operations database's own functions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moyai.json_value import JsonValue


@dataclass(frozen=True, slots=True)
class Note:
    """What one chain is told of a line of evidence."""

    actor: str
    """`operator:EMAIL`, `person:USER@HOST`, or `moyai`."""
    action: str
    """`runbook.step`, `hand.deploy`."""
    plan_sha256: str | None
    """Of the runbook's content and parameters, or of what a deploy was about to do."""
    step: str | None
    result: str
    details: Mapping[str, JsonValue]
    """With `evidence_sha256`, the line's hash."""
