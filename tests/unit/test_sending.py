import pytest

from clarion.domain.breaker import TAKEN, letter, tripped
from clarion.domain.message import HEARD, NEVER_SENT, Status, advance
from clarion.domain.sending import (
    Accepted,
    Doubted,
    Failed,
    Fault,
    FaultKind,
    NotSent,
    Rejected,
    Requeued,
    Settled,
    Unknown,
    follow_up,
)

SECOND = 1_000_000


def fault(kind: FaultKind) -> Fault:
    return Fault(kind, "1", "why")


def after(outcome: object, *, attempts: int = 1, throttles: int = 0) -> object:
    return follow_up(outcome, attempts=attempts, throttles=throttles, limit=3, chance=0.5)  # type: ignore[arg-type]


def test_what_the_provider_took_is_settled() -> None:
    assert after(Accepted("x")) == Settled("x")


def test_no_proof_either_way_is_a_doubt_and_never_a_retry() -> None:
    assert after(Unknown("read timeout")) == Doubted("read timeout")


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4)])
def test_a_passing_fault_is_tried_again_after_2_and_4_seconds(attempts: int, seconds: int) -> None:
    match after(NotSent(fault(FaultKind.TRANSIENT)), attempts=attempts):
        case Requeued(wait, counted, _):
            assert (wait, counted) == (seconds * SECOND, True)
        case other:
            pytest.fail(f"{other}")


def test_the_third_passing_fault_is_final() -> None:
    assert isinstance(after(NotSent(fault(FaultKind.TRANSIENT)), attempts=3), Failed)


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE_SENDER, FaultKind.NETWORK])
def test_a_throttled_message_goes_back_without_losing_an_attempt(kind: FaultKind) -> None:
    match after(NotSent(fault(kind)), attempts=99):
        case Requeued(_, counted, _):
            assert not counted
        case other:
            pytest.fail(f"{other}")


def test_what_we_did_not_begin_goes_back_at_once() -> None:
    assert after(NotSent(fault(FaultKind.OURS))) == Requeued(0, False, fault(FaultKind.OURS))


def test_a_throttled_message_waits_as_long_as_it_was_told() -> None:
    match after(NotSent(fault(FaultKind.THROTTLE_SENDER), 7 * SECOND)):
        case Requeued(wait, _, _):
            assert wait == 7 * SECOND
        case other:
            pytest.fail(f"{other}")


def test_the_pair_limit_delays_this_person_by_1_4_16_64_seconds() -> None:
    waits = []
    for throttles in range(4):
        match after(NotSent(fault(FaultKind.THROTTLE_RECIPIENT)), throttles=throttles):
            case Requeued(wait, _, _):
                waits.append(wait // SECOND)
    assert waits == [1, 4, 16, 64]


@pytest.mark.parametrize("kind", [FaultKind.AUTH, FaultKind.ACCOUNT, FaultKind.PAYMENT])
def test_a_refusal_of_the_whole_account_burns_no_message(kind: FaultKind) -> None:
    assert isinstance(after(Rejected(fault(kind))), Requeued)


@pytest.mark.parametrize("kind", [FaultKind.RECIPIENT, FaultKind.REQUEST, FaultKind.TEMPLATE])
def test_a_refusal_of_this_message_is_final(kind: FaultKind) -> None:
    assert after(Rejected(fault(kind))) == Failed(fault(kind))


def test_twenty_refusals_of_one_class_in_a_row_trip_the_breaker() -> None:
    bad = letter(FaultKind.RECIPIENT)
    assert tripped(TAKEN * 100 + bad * 19) is None
    assert "20 refusals in a row" in (tripped(TAKEN * 100 + bad * 20) or "")


def test_a_paused_template_trips_the_breaker_after_three() -> None:
    assert tripped(TAKEN + letter(FaultKind.TEMPLATE) * 2) is None
    assert tripped(TAKEN + letter(FaultKind.TEMPLATE) * 3)


def test_more_than_thirty_percent_of_the_last_200_trip_the_breaker() -> None:
    bad = letter(FaultKind.RECIPIENT)
    assert tripped((TAKEN * 7 + bad * 3) * 20) is None
    assert tripped((TAKEN * 7 + bad * 3) * 19 + TAKEN * 6 + bad * 4)


def test_a_success_is_never_the_moment_to_pause() -> None:
    assert tripped("r" * 199 + TAKEN) is None


@pytest.mark.parametrize("held", HEARD)
def test_hearing_the_same_again_changes_nothing(held: Status) -> None:
    assert advance(held, held) is held


@pytest.mark.parametrize("held", NEVER_SENT)
def test_the_providers_word_beats_our_plan(held: Status) -> None:
    assert advance(held, Status.DELIVERED) is Status.DELIVERED
