"""Overlapping networks, found by one sweep over sorted ranges: 1,741 bodies take milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

from moyai.registry.paths import Path


@dataclass(frozen=True, slots=True)
class Claim:
    """A network that somebody says is theirs."""

    network: IPv4Network
    owner: str
    path: Path


@dataclass(frozen=True, slots=True)
class Overlap:
    """A claim and the claims earlier in the file that it overlaps, at least one."""

    claim: Claim
    others: tuple[Claim, ...]


def overlapping(claims: Iterable[Claim]) -> list[Overlap]:
    """Every overlap, in the file's order, told once at the later claim.

    Networks either nest or are apart, so that each claim is paired with the narrowest one around it;
    of equal networks, all are paired with the first.
    """
    ordered = _by_address(claims)
    around: list[tuple[int, Claim]] = []
    found: dict[int, tuple[Claim, list[tuple[int, Claim]]]] = {}
    for item in ordered:
        network = item[1].network
        start = int(network.network_address)
        while around and int(around[-1][1].network.broadcast_address) < start:
            around.pop()
        if around:
            earlier, later = sorted((around[-1], item), key=lambda one: one[0])
            found.setdefault(later[0], (later[1], []))[1].append(earlier)
        if not around or around[-1][1].network != network:
            around.append(item)
    return [
        Overlap(claim, tuple(other for _, other in sorted(others, key=lambda one: one[0])))
        for _, (claim, others) in sorted(found.items())
    ]


def same_ranges(claims: Iterable[Claim]) -> list[tuple[Claim, ...]]:
    """Groups of claims of several owners inside one widest network, each in the file's order."""
    ordered = _by_address(claims)
    groups: list[list[tuple[int, Claim]]] = []
    end = -1
    for item in ordered:
        network = item[1].network
        if int(network.network_address) > end:
            groups.append([])
            end = int(network.broadcast_address)
        groups[-1].append(item)
    return [
        tuple(claim for _, claim in sorted(group, key=lambda one: one[0]))
        for group in groups
        if len({claim.owner for _, claim in group}) > 1
    ]


def _by_address(claims: Iterable[Claim]) -> list[tuple[int, Claim]]:
    """With their place in the file; a wide network comes before what lies in it."""
    return sorted(
        enumerate(claims),
        key=lambda item: (int(item[1].network.network_address), item[1].network.prefixlen, item[0]),
    )
