"""What a request to a provider can end in, and what follows from it. Pure; providers produce it, services obey it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What a refusal is about, which decides what must slow down, wait or stop."""

    AUTH = "auth"  # the token: the sender pauses
    ACCOUNT = "account"  # policy, registration, block: the sender pauses
    PAYMENT = "payment"  # the sender pauses
    THROTTLE_SENDER = "throttle_sender"  # the sender slows down; the message waits and loses no attempt
    THROTTLE_RECIPIENT = "throttle_recipient"  # only this person waits
    TRANSIENT = "transient"  # the same request may succeed later
    RECIPIENT = "recipient"  # this person cannot be reached
    REQUEST = "request"  # this message is wrong as it is
    TEMPLATE = (
        "template"  # the template is paused, missing or does not fit: the campaign pauses when it repeats
    )
    NETWORK = "network"  # no connection was made
    OURS = "ours"  # we did not begin: nothing about provider or message, so it goes back at once


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request did not succeed.

    `code` is the provider's ("131026") or ours ("connect"); `reason` one plain sentence for an operator, from
    the provider's codes.json; `detail` the provider's own words, for one click deeper (never shown in logs).
    """

    kind: FaultKind
    code: str
    reason: str
    detail: str = ""
    opt_out: bool = False
    """The person stopped messages from us: store it before anything else happens."""
    cap: bool = False
    """A per-person marketing cap: not to be tried again for that person for 24 hours."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it. `held`: it keeps the message back for a quality check (template pacing)."""

    provider_id: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider refused this very message, in its own error envelope. It was certainly not sent."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not sent, and worth another try. `retry_after`: microseconds the provider asked us to wait, or 0."""

    fault: Fault
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """No proof either way: a read timeout, a reset, a bare 5xx, a 2xx without an id. Never resent on this alone."""

    reason: str


Outcome = Accepted | Rejected | NotSent | Unknown

RESULTS: Mapping[type[Outcome], str] = {
    Accepted: "accepted",
    Rejected: "rejected",
    NotSent: "not_sent",
    Unknown: "unknown",
}
"""What each is called where requests are counted."""

SECOND = 1_000_000

PAUSES_SENDER = frozenset({FaultKind.AUTH, FaultKind.ACCOUNT, FaultKind.PAYMENT})
"""Refusals that would meet every message of the sender: it pauses, and this message goes back unharmed."""

SLOWS_SENDER = frozenset({FaultKind.THROTTLE_SENDER, FaultKind.NETWORK})
"""Answers that are about the sender's traffic, not the message: it loses no attempt."""

_BACKOFF = (2 * SECOND, 4 * SECOND, 8 * SECOND)
_PAIR_LIMIT = tuple(4**n * SECOND for n in range(6))


@dataclass(frozen=True, slots=True)
class Settled:
    """The provider has it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Requeued:
    """Goes back to the outbox, due `after` microseconds from now. `counted`: it used up an attempt."""

    after: int
    counted: bool
    fault: Fault


@dataclass(frozen=True, slots=True)
class Failed:
    """Definitely not sent, and not tried again by itself."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Doubted:
    """May have been sent. Waits for evidence."""

    reason: str


FollowUp = Settled | Requeued | Failed | Doubted


def follow_up(outcome: Outcome, *, attempts: int, throttles: int, limit: int, chance: float) -> FollowUp:
    """What becomes of a message after one request.

    `attempts` counts this one; `throttles` pair-limit answers in a row before it; `chance` in [0, 1) spreads
    retries so that they do not come back together.
    """
    match outcome:
        case Accepted(provider_id):
            return Settled(provider_id)
        case Unknown(reason):
            return Doubted(reason)
        case Rejected(fault) if fault.kind in PAUSES_SENDER:
            return Requeued(0, False, fault)
        case Rejected(fault):
            return Failed(fault)
        case NotSent(fault, retry_after):
            if fault.kind is FaultKind.OURS:
                return Requeued(0, False, fault)
            if fault.kind is FaultKind.THROTTLE_RECIPIENT:
                return Requeued(max(retry_after, _PAIR_LIMIT[min(throttles, 5)]), False, fault)
            if fault.kind in SLOWS_SENDER or fault.kind in PAUSES_SENDER:
                return Requeued(max(retry_after, int((0.5 + chance) * SECOND)), False, fault)
            if attempts >= limit:
                return Failed(fault)
            backoff = _BACKOFF[min(attempts, len(_BACKOFF)) - 1] if attempts else _BACKOFF[0]
            return Requeued(max(retry_after, int(backoff * (0.75 + chance / 2))), True, fault)
