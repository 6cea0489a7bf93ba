"""The order of pools that flow into one another. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from moyai.registry.cost_rules import Pool


def in_order(pools: Iterable[Pool]) -> list[Pool]:
    """Pools, each after all that flow into it; else in the file's order.

    Raises `ValueError` where they flow in a circle, or into one that is not there.
    """
    pools = list(pools)
    by_name = {pool.name: pool for pool in pools}
    waiting = {pool.name: 0 for pool in pools}
    for pool in pools:
        for flow in pool.flows:
            if flow.pool not in by_name:
                raise ValueError(f"{pool.name} flows into {flow.pool}, which is not there")
            waiting[flow.pool] += 1
    ordered: list[Pool] = []
    while len(ordered) < len(pools):
        ready = next((pool for pool in pools if waiting.get(pool.name) == 0), None)
        if ready is None:
            raise ValueError("the pools flow in a circle")
        ordered.append(ready)
        del waiting[ready.name]
        for flow in ready.flows:
            waiting[flow.pool] -= 1
    return ordered
