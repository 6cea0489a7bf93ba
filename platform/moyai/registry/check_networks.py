"""Checks of addresses: pools, cells, bodies' own networks, LGWAN and office ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network

from moyai.registry.file_model import FederationFile, TenantFile
from moyai.registry.overlaps import Claim, Overlap, overlapping, same_ranges
from moyai.registry.parts import Parts
from moyai.registry.paths import Path
from moyai.registry.problems import Reporter
from moyai.registry.words import one_line
from moyai.texts import Text

CELL_PREFIX = 16
TENANT_PREFIX = 20
WIDEST = 8
"""A wider LGWAN or office range can only be a slip: 0.0.0.0/0 would let everybody in."""
_NAMED = 3
"""How many of those concerned a sentence names."""


def check_networks(parts: Parts, reporter: Reporter) -> None:
    """Report what overlaps, lies outside its pool, or has the wrong size."""
    pools = [] if parts.federation is None else _pools(parts.federation, reporter)
    if parts.federation is not None:
        _cells(parts.federation, reporter)
    own: list[Claim] = []
    lgwan: list[Claim] = []
    office: list[Claim] = []
    for i, body in parts.tenants.items():
        path: Path = ("tenants", i)
        owner = _owner(i, body, reporter)
        if body.cidr is not None:
            own += _claims([body.cidr], owner, (*path, "cidr"), reporter, single=True)
        lgwan += _claims(body.lgwan, owner, (*path, "lgwan"), reporter)
        office += _claims(body.office or (), owner, (*path, "office"), reporter)
    _own_networks(own, parts.federation, reporter)
    lgwan = [claim for claim in lgwan if not _is_too_wide(claim, reporter)]
    office = [claim for claim in office if not _is_too_wide(claim, reporter)]
    for overlap in overlapping([*pools, *lgwan]):
        if overlap.claim.path[0] != "federation":
            reporter.error(overlap.claim.path, _overlaps(overlap))
    for group in same_ranges(office):
        _shared_office(group, reporter)


def _owner(index: int, body: TenantFile, reporter: Reporter) -> str:
    """What to call a body whose code may be wrong."""
    for key, words in (("code", body.code), ("name", body.name)):
        if not reporter.is_muted(("tenants", index, key)):
            return one_line(words)
    return f"tenants[{index}]"


def _pools(federation: FederationFile, reporter: Reporter) -> list[Claim]:
    network: Path = ("federation", "network")
    pools = [
        *_claims(federation.network.cells, "network.cells", (*network, "cells"), reporter),
        *_claims(federation.network.tenants, "network.tenants", (*network, "tenants"), reporter),
    ]
    for overlap in overlapping(pools):
        reporter.error(overlap.claim.path, _overlaps(overlap))
    return pools


def _cells(federation: FederationFile, reporter: Reporter) -> None:
    claims = [
        claim
        for i, cell in enumerate(federation.cells)
        for claim in _claims(
            [cell.cidr], cell.name, ("federation", "cells", i, "cidr"), reporter, single=True
        )
    ]
    for claim in claims:
        _placed(claim, federation.network.cells, "cells", CELL_PREFIX, reporter)
    for overlap in overlapping(claims):
        reporter.error(overlap.claim.path, _overlaps(overlap))


def _own_networks(own: list[Claim], federation: FederationFile | None, reporter: Reporter) -> None:
    for overlap in overlapping(own):
        reporter.error(overlap.claim.path, _overlaps(overlap))
    if federation is None:
        return
    for claim in own:
        _placed(claim, federation.network.tenants, "tenants", TENANT_PREFIX, reporter)


def _claims(
    networks: Iterable[IPv4Network],
    owner: str,
    path: Path,
    reporter: Reporter,
    *,
    single: bool = False,
) -> list[Claim]:
    """Claims for networks at a path; stand-ins for wrong ones claim nothing."""
    claims = [
        Claim(network, owner, path if single else (*path, i)) for i, network in enumerate(networks)
    ]
    return [claim for claim in claims if not reporter.is_muted(claim.path)]


def _placed(
    claim: Claim, pools: Iterable[IPv4Network], kind: str, prefix: int, reporter: Reporter
) -> None:
    network = claim.network
    if network.prefixlen != prefix:
        reporter.error(
            claim.path,
            Text(
                f"/{prefix} が要ります（/{network.prefixlen} でした）",
                f"a /{prefix} is needed, not a /{network.prefixlen}",
            ),
        )
    pool_path: Path = ("federation", "network", kind)
    muted = any(reporter.is_muted((*pool_path, i)) for i, _ in enumerate(pools))
    if not muted and not any(network.subnet_of(pool) for pool in pools):
        reporter.error(
            claim.path,
            Text(
                f"{network} は federation.network.{kind} の外です",
                f"{network} is outside federation.network.{kind}",
            ),
        )


def _is_too_wide(claim: Claim, reporter: Reporter) -> bool:
    """Report a slip; what it overlaps says nothing more."""
    if claim.network.prefixlen >= WIDEST:
        return False
    reporter.error(
        claim.path,
        Text(
            f"{claim.network} は広すぎます（広くても /{WIDEST}）",
            f"{claim.network} is too wide: a /{WIDEST} at most",
        ),
    )
    return True


def _overlaps(overlap: Overlap) -> Text:
    claim, first = overlap.claim, overlap.others[0]
    more = len(overlap.others) - 1
    if first.owner == claim.owner:
        return Text(
            f"{claim.network} は同じ {claim.owner} の {first.network} と重なります",
            f"{claim.network} overlaps {first.network} of the same owner",
        )
    return Text(
        f"{claim.network} は {first.owner} の {first.network} と重なります"
        + (f"（ほか {more} 件）" if more else ""),
        f"{claim.network} overlaps {first.owner}'s {first.network}"
        + (f" and {more} more" if more else ""),
    )


def _shared_office(group: Sequence[Claim], reporter: Reporter) -> None:
    """Private ranges repeat and the security cloud's way out is shared: worth a look, no error."""
    owners = list(dict.fromkeys(claim.owner for claim in group))
    second = next(claim for claim in group if claim.owner != owners[0])
    widest = min(group, key=lambda claim: claim.network.prefixlen).network
    named, more = ", ".join(owners[:_NAMED]), len(owners) - _NAMED
    reporter.warning(
        second.path,
        Text(
            f"庁内の範囲 {widest} が {len(owners)} 団体で重なっています（{named}"
            + (f" ほか {more} 団体）" if more > 0 else "）"),
            f"{len(owners)} bodies share the office range {widest} ({named}"
            + (f" and {more} more)" if more > 0 else ")"),
        ),
    )
