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
