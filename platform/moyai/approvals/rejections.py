"""Why a signature or an approval does not count. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Rejection:
    """Says why, and what a person can do."""

    reason: str
    """For machines: `wrong-key`, `expired`, `same-person`, …"""
    what: Text
    remedy: Text
