"""Whether the operations database is older than the anchors in the vault: it was restored from a copy then."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from moyai.audit.anchors import Anchor
from moyai.audit.records import FEDERATION
from moyai.operations.audit.vault import Vault
from moyai.operations.database.epochs import (
    anchored_count,
    anchored_last,
    at_work,
    behind,
    epoch,
    found_behind,
    strange,
)

_AT_ONCE = 8
_PAGE = 1000
"""Anchors of one answer of a listing."""
_PAGE_COSTS = 4
"""So many times a request for one chain."""
_TOLD = 50
"""Chains that are named on record; all are in the declaration."""


def lost_anchors(
    engine: sa.Engine, vault: Vault, chains: Iterable[str] | None = None
) -> tuple[Anchor, ...]:
    """Anchors that no record matches, by chain and number; of some chains, or of all that either knows.

    What lies before the newest one that the database has on record is `moyai audit verify`'s to look at: so
    it is one request a chain where nothing is lost, or one listing of all anchors where that is sooner read, as
    it is of many chains with few anchors. Those whose loss is declared on record are left out.
    Raises `NoVault` and `OperationFailed` as the vault does.
    """
    with engine.connect() as connection:
        known = anchored_last(connection, vault.bucket)
        pages = 1 + anchored_count(connection, vault.bucket) // _PAGE
    wanted = sorted({*known, *vault.chains()} if chains is None else set(chains))
    if pages * _PAGE_COSTS <= len(wanted) / _AT_ONCE:
        anchors = vault.behind_all({chain: known.get(chain) for chain in wanted})
    else:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="anchors") as pool:
            found = pool.map(lambda chain: vault.behind(chain, known.get(chain)), wanted)
            anchors = tuple(one for those in found for one in those)
    if not anchors:
        return ()
    with engine.connect() as connection:
        return strange(connection, anchors)


def look(engine: sa.Engine, vault: Vault, chains: Iterable[str] = ()) -> bool:
    """Compare what is at work with the vault, as a worker, and put on record what is found: whether the
    database is known to be an older copy. Raises as `lost_anchors`."""
    with engine.connect() as connection:
        if behind(connection) is not None:
            return True
        here, own = epoch(connection), [FEDERATION, *chains, *at_work(connection)]
    newest = vault.epoch()
    lost = lost_anchors(engine, vault, own) if newest <= here else ()
    if newest <= here and not lost:
        return False
    told: dict[str, list[int]] = {}
    for one in lost:
        told.setdefault(one.chain, [one.seq, one.seq])[1] = one.seq
    what = {"by": "anchors", "epoch": newest, "chains": dict(sorted(told.items())[:_TOLD])}
    with engine.begin() as connection:
        # It may have been declared while the bucket was looked at.
        if epoch(connection) == here:
            found_behind(connection, what)
    return True
