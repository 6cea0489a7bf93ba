"""Every type's case."""

from __future__ import annotations

from case import Maker

from cases import databases, edge, network, operations, s3, security, tasks

CASES: dict[str, Maker] = {
    **edge.CASES,
    **tasks.CASES,
    **databases.CASES,
    **network.CASES,
    **operations.CASES,
    **s3.CASES,
    **security.CASES,
}
