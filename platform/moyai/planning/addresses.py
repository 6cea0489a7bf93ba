"""Taking networks out of pools; what others have is never moved. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.texts import Text


def free_network(
    pools: Iterable[IPv4Network], taken: Iterable[IPv4Network], prefix: int
) -> IPv4Network:
    """The first network of a prefix length in the pools that overlaps nothing taken.

    Raises `Refused` where the pools are full.
    """
    busy = sorted(taken, key=lambda network: int(network.network_address))
    for pool in pools:
        if prefix < pool.prefixlen:
            continue
        found = _first_free(pool, busy, prefix)
        if found is not None:
            return found
    raise Refused(
        Text(f"空いている /{prefix} がありません。", f"no /{prefix} is free in the pools."),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "federation.network の範囲を足してください。", "Add a pool to federation.network."
        ),
    )


def _first_free(pool: IPv4Network, busy: list[IPv4Network], prefix: int) -> IPv4Network | None:
    size = 1 << (32 - prefix)
    address, end = int(pool.network_address), int(pool.broadcast_address) + 1
    for network in busy:
        first, last = int(network.network_address), int(network.broadcast_address)
        if last < address or first >= end:
            continue
        if first >= address + size:
            break
        address = -(-(last + 1) // size) * size
    if address + size > end:
        return None
    return IPv4Network((address, prefix))
