"""Every type's case."""

from __future__ import annotations

from case import Maker
from cases import s3, security

CASES: dict[str, Maker] = {**s3.CASES, **security.CASES}
