"""Every type's case."""

from __future__ import annotations

from case import Maker

from cases import network, s3, security

CASES: dict[str, Maker] = {**network.CASES, **s3.CASES, **security.CASES}
