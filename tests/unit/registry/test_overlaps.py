"""Overlaps by one sweep, against comparing everything with everything."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st
from tests.pace import seconds_of

from moyai.registry.overlaps import Claim, overlapping, same_ranges


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network:
    prefix = draw(st.integers(20, 32))
    address = draw(st.integers(0, 4095)) & ~((1 << (32 - prefix)) - 1)
    return IPv4Network((0x0A000000 + address, prefix))


CLAIMS = st.lists(st.tuples(networks(), st.sampled_from("abc")), max_size=12).map(
    lambda items: [
        Claim(network, owner, ("tenants", i)) for i, (network, owner) in enumerate(items)
    ]
)


@given(CLAIMS)
def test_it_finds_exactly_what_overlaps(claims: list[Claim]) -> None:
    found = overlapping(claims)
    touched = {
        one.path
        for one in claims
        if any(other is not one and other.network.overlaps(one.network) for other in claims)
    }
    told = {one.claim.path for one in found} | {o.path for one in found for o in one.others}
    assert told == touched
    for overlap in found:
        for other in overlap.others:
            assert other.network.overlaps(overlap.claim.network)
            assert claims.index(other) < claims.index(overlap.claim)
    assert [claims.index(one.claim) for one in found] == sorted(
        {claims.index(one.claim) for one in found}
    )


@given(CLAIMS)
def test_groups_are_those_in_one_widest_range(claims: list[Claim]) -> None:
    groups = same_ranges(claims)
    for group in groups:
        assert len({one.owner for one in group}) > 1
        widest = min(group, key=lambda one: one.network.prefixlen).network
        inside = [one for one in claims if one.network.subnet_of(widest)]
        assert list(group) == inside
    together = {one.path for group in groups for one in group}
    for one in claims:
        for other in claims:
            if one.owner != other.owner and one.network.overlaps(other.network):
                assert one.path in together


def test_many_take_no_time() -> None:
    wide = Claim(IPv4Network("10.0.0.0/8"), "wide", ("tenants", 20_000))
    many = [
        Claim(IPv4Network((0x0A000000 + 256 * i, 24)), str(i), ("tenants", i))
        for i in range(20_000)
    ]
    few = seconds_of(lambda: overlapping([*many[:2_000], wide]))
    assert seconds_of(lambda: overlapping([*many, wide])) < 30 * few
    (overlap,) = overlapping([*many, wide])
    assert overlap.claim is wide
    assert len(overlap.others) == 20_000
