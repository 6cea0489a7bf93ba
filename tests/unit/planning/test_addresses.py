"""Taking networks out of pools."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.errors import ExitCode, Refused
from moyai.planning.addresses import free_network

POOL = IPv4Network("10.64.0.0/24")


@st.composite
def inside(draw: st.DrawFn) -> IPv4Network:
    prefix = draw(st.integers(22, 32))
    address = draw(st.integers(-512, 1023)) & ~((1 << (32 - prefix)) - 1)
    return IPv4Network((int(POOL.network_address) + address, prefix))


@given(st.lists(inside(), max_size=12), st.integers(24, 29))
def test_it_is_the_first_that_overlaps_nothing(taken: list[IPv4Network], prefix: int) -> None:
    free = [one for one in POOL.subnets(new_prefix=prefix) if not any(map(one.overlaps, taken))]
    if free:
        assert free_network([POOL], taken, prefix) == free[0]
    else:
        with pytest.raises(Refused):
            free_network([POOL], taken, prefix)


@given(st.lists(inside(), max_size=6), st.randoms())
def test_the_order_of_what_is_taken_does_not_matter(taken: list[IPv4Network], random) -> None:  # type: ignore[no-untyped-def] # hypothesis's own Random
    shuffled = list(taken)
    random.shuffle(shuffled)
    try:
        expected = free_network([POOL], taken, 28)
    except Refused:
        with pytest.raises(Refused):
            free_network([POOL], shuffled, 28)
    else:
        assert free_network([POOL], shuffled, 28) == expected


def test_a_pool_is_used_up_before_the_next() -> None:
    pools = [IPv4Network("10.64.0.0/19"), IPv4Network("10.80.0.0/19")]
    taken: list[IPv4Network] = []
    while len(taken) < 4:
        taken.append(free_network(pools, taken, 20))
    assert [str(one) for one in taken] == [
        "10.64.0.0/20",
        "10.64.16.0/20",
        "10.80.0.0/20",
        "10.80.16.0/20",
    ]
    with pytest.raises(Refused) as caught:
        free_network(pools, taken, 20)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert caught.value.remedy is not None


def test_a_pool_that_is_too_small_is_passed_over() -> None:
    pools = [IPv4Network("10.64.0.0/24"), IPv4Network("10.80.0.0/16")]
    assert free_network(pools, [], 20) == IPv4Network("10.80.0.0/20")


def test_a_gap_is_filled_and_nobody_moves() -> None:
    taken = [IPv4Network("10.64.0.0/20"), IPv4Network("10.64.32.0/20")]
    assert free_network([IPv4Network("10.64.0.0/12")], taken, 20) == IPv4Network("10.64.16.0/20")
