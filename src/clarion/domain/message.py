"""A message's status, and how what we hear about it changes it."""

from enum import StrEnum


class Status(StrEnum):
    """Where a message stands. The first four live in the outbox, the rest are final or move by receipts.

    Each of ACCEPTED..READ outranks the ones above it, so receipts may come late, twice and in any order.
    FAILED outranks SENT: providers accept first and find the phone unreachable later.
    DELIVERED outranks FAILED: one of the person's devices can fail after another showed it.
    """

    QUEUED = "queued"
    LEASED = "leased"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"


IN_OUTBOX = (Status.QUEUED, Status.LEASED, Status.SENDING, Status.UNKNOWN)
"""Kept by an outbox row; every other status is kept by the message itself."""

HEARD = (Status.ACCEPTED, Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ)
"""What a provider can tell us, lowest rank first."""

NEVER_SENT = (Status.CANCELLED, Status.EXPIRED, Status.SUPPRESSED)

_RANK = {status: rank for rank, status in enumerate(Status)}


def advance(held: Status, heard: Status) -> Status:
    """The status after a receipt saying `heard` (one of HEARD).

    A receipt for a message we believed never sent wins too: the provider's word is evidence, our plan is not.
    """
    if held in NEVER_SENT:
        return heard
    return max(held, heard, key=_RANK.__getitem__)


_REASONS = {
    Status.CANCELLED: "It was cancelled before it was sent.",
    Status.EXPIRED: "Its time was over before it could be sent.",
    Status.SUPPRESSED: "The person does not want messages from here, or must not get any for a while.",
    Status.UNKNOWN: "The answer was lost, so it may or may not have arrived: the provider is being asked.",
}


def reason_for(status: str, fault: str, *, unresolved: bool = False) -> str:
    """Why a message stands where it does, as a sentence; "" where nothing needs saying. `fault`: what it failed for."""
    if status == Status.FAILED:
        return fault or "The provider did not say why."
    if status == Status.UNKNOWN and unresolved:
        return "The answer was lost and nothing was heard of it since: decide whether it is sent again."
    return _REASONS.get(Status(status), "")


class Resolution(StrEnum):
    """What a person says about a message in doubt."""

    RESEND = "resend"
    """Send it again, although it may have arrived."""
    ARRIVED = "arrived"
    """It is known to have arrived: nothing more is done."""
    GIVE_UP = "give_up"
    """It counts as failed, and is not sent again."""
