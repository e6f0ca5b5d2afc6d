"""Buckets that empty at a steady rate, and which network a client is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.domain.throttle import Rate, network_of, take, wait

RATE = Rate(burst=3, gap=10)


def test_so_many_at_once_then_one_in_each_gap() -> None:
    empty_at = 0
    taken = []
    for now in range(1_000, 1_100):
        after = take(empty_at, now, RATE)
        if after is not None:
            empty_at = after
            taken.append(now)
        else:
            assert take(empty_at, now + wait(empty_at, now, RATE), RATE) is not None
            assert take(empty_at, now + wait(empty_at, now, RATE) - 1, RATE) is None
    assert taken == [1_000, 1_001, 1_002, *range(1_010, 1_100, 10)]


@given(st.integers(1, 20), st.integers(1, 50), st.lists(st.integers(0, 30), max_size=200))
def test_never_more_than_the_rate_whenever_it_is_tried(burst: int, gap: int, pauses: list[int]) -> None:
    rate, empty_at, now, taken = Rate(burst, gap), 0, 0, []
    for pause in pauses:
        now += pause
        if (after := take(empty_at, now, rate)) is not None:
            empty_at = after
            taken.append(now)
    for n, first in enumerate(taken):
        for count, last in enumerate(taken[n:], start=1):
            assert count <= burst + (last - first) / gap


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param("203.0.113.77", "203.0.113.0/24", id="IPv4"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6"),
        pytest.param("::ffff:203.0.113.9", "203.0.113.0/24", id="IPv4 in IPv6"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="with an interface"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_client_belongs_to_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
