"""Faults are chosen by seed, recipient and attempt, and by nothing else."""

import pytest

from clarion.sim.config import Faults, Latency, SimConfig, check
from clarion.sim.faults import Fault, draws, latency, pick
from clarion.sim.habits import People
from clarion.sim.people import fate, has_opted_out, is_bad
from tests.sim.talk import person

FAULTS = check(Faults, {"accept_then_timeout": 0.05, "provider_5xx": 0.02, "reset_before_accept": 0.03})


def test_the_same_key_is_always_as_lucky_and_another_is_not() -> None:
    assert draws(1, "whatsapp", "+447700900001", 1) == draws(1, "whatsapp", "+447700900001", 1)
    assert draws(1, "whatsapp", "+447700900001", 2) != draws(1, "whatsapp", "+447700900001", 1)
    assert draws(2, "whatsapp", "+447700900001", 1) != draws(1, "whatsapp", "+447700900001", 1)
    assert all(0 <= draw < 1 for n in range(100) for draw in draws(1, n))


def test_shares_are_kept_over_many_recipients() -> None:
    struck = [pick(FAULTS, person(n), 1, draws(1, person(n), 1)[0]) for n in range(20_000)]
    assert struck.count(Fault.ACCEPT_THEN_TIMEOUT) == pytest.approx(1_000, rel=0.15)
    assert struck.count(Fault.PROVIDER_5XX) == pytest.approx(400, rel=0.2)
    assert struck.count(Fault.RESET_BEFORE_ACCEPT) == pytest.approx(600, rel=0.2)
    assert struck.count(None) == pytest.approx(18_000, rel=0.02)


def test_faults_can_be_kept_to_first_attempts_or_given_to_one_recipient() -> None:
    faults = check(
        Faults, {"provider_5xx": 1, "first_attempts": 1, "recipients": {"+447700900009": "empty_2xx"}}
    )
    assert pick(faults, "+447700900001", 1, 0.5) is Fault.PROVIDER_5XX
    assert pick(faults, "+447700900001", 2, 0.5) is None
    assert pick(faults, "+447700900009", 7, 0.5) is Fault.EMPTY_2XX


@pytest.mark.parametrize(
    ("settings", "low", "middle", "high"),
    [
        ({"kind": "fixed", "fixed_ms": 250}, 0.25, 0.25, 0.25),
        ({"kind": "uniform", "low_ms": 100, "high_ms": 500}, 0.1, 0.3, 0.5),
        ({"kind": "lognormal", "median_ms": 200, "sigma": 0.5, "cap_ms": 900}, 0.0, 0.2, 0.9),
    ],
)
def test_latency_follows_its_distribution(settings: object, low: float, middle: float, high: float) -> None:
    latencies = [latency(check(Latency, settings), n / 1000) for n in range(1000)]
    assert low <= min(latencies)
    assert max(latencies) <= high + 1e-9
    assert sorted(latencies)[500] == pytest.approx(middle, rel=0.01)


def test_bad_numbers_and_opted_out_people_are_so_for_ever_and_do_not_coincide() -> None:
    people = check(People, {"bad_share": 0.1, "opted_out_share": 0.1, "bad": ["+447700999999"]})
    bad = {n for n in range(5_000) if is_bad(people, 1, person(n))}
    out = {n for n in range(5_000) if has_opted_out(people, 1, person(n))}
    assert len(bad) == pytest.approx(500, rel=0.2)
    assert len(out) == pytest.approx(500, rel=0.2)
    assert len(bad & out) < 100
    assert is_bad(people, 1, "+447700999999")
    assert bad == {n for n in range(5_000) if is_bad(people, 1, person(n))}


def _fate(**receipts: object) -> list[tuple[str, float, tuple[float, ...]]]:
    config = check(SimConfig, {"receipts": receipts, "people": {"read_share": 1}})
    key = ("whatsapp", "+447700900001", 1)
    steps = fate(config, key, draws(1, *key), answer_after=1.0).steps
    return [(step.status, step.at, step.calls) for step in steps]


def test_callbacks_come_after_the_answer_in_order_and_once() -> None:
    told = _fate()
    assert [status for status, _, _ in told] == ["sent", "delivered", "read"]
    assert all(calls == (at,) for _, at, calls in told)
    assert 1.0 <= told[0][1] <= told[1][1] <= told[2][1]


def test_reversed_callbacks_come_last_first_and_never_before_the_thing_happened() -> None:
    told = _fate(reversed=1)
    assert told[2][2] < told[1][2] < told[0][2]
    assert all(call >= at for _, at, calls in told for call in calls)


def test_callbacks_can_be_missing_repeated_late_or_early() -> None:
    assert all(calls == () for _, _, calls in _fate(missing=1))
    assert all(len(calls) == 2 for _, _, calls in _fate(repeated=1))
    assert all(calls[0] == pytest.approx(at + 3) for _, at, calls in _fate(late=1, late_ms=3_000))
    assert _fate(before_answer=1)[0][1] == 0.0
    assert [status for status, _, calls in _fate(skip_delivered=1) if calls] == ["sent", "read"]


def test_shuffled_callbacks_of_many_messages_come_in_every_order() -> None:
    config = check(SimConfig, {"receipts": {"shuffled": 1}, "people": {"read_share": 1}})
    orders = set()
    for n in range(200):
        steps = fate(config, (n,), draws(1, n), answer_after=0.0).steps
        orders.add(tuple(step.status for step in sorted(steps, key=lambda step: step.calls)))
    assert len(orders) == 6
