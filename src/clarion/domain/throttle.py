"""How often something may be tried: a bucket that empties at a steady rate (GCRA), kept as one instant each.

The instant at which a bucket is empty again says all: no counters, no windows with an edge to wait for.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

SECOND = 1_000_000
MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one in `gap` microseconds."""

    burst: int
    gap: int

    @property
    def slack(self) -> int:
        """A bucket that needs longer than this to become empty takes no more."""
        return self.gap * (self.burst - 1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Something that is limited, by its name in the table."""

    name: str
    rate: Rate


def take(empty_at: int, now: int, rate: Rate) -> int | None:
    """When the bucket is empty after one more try; None if it is full. The table's statement does the same."""
    return None if empty_at - now > rate.slack else max(empty_at, now) + rate.gap


def wait(empty_at: int, now: int, rate: Rate) -> int:
    """Microseconds until a full bucket takes a try."""
    return max(0, empty_at - rate.slack - now)


# Signing in. What succeeds is given back, so these count failures. Whoever guesses is held to ACCOUNT for one
# person; a person's own browser has a bucket of its own, which nobody else can fill.
ACCOUNT = Rate(10, MINUTE)
DEVICE = Rate(10, MINUTE)
NETWORK = Rate(100, 5 * SECOND)
EVERYBODY = Rate(200, SECOND // 4)
CODE = Rate(5, 15 * MINUTE)
"""Codes of a second factor for one person, who has given the password: at most a hundred a day."""
OWN_PASSWORD = Rate(10, MINUTE)
"""Giving one's password again while signed in."""

# Lines of the audit log about it: the first at once, so that it says what goes on, and cannot be flooded.
NOTE = Rate(1, 60 * MINUTE)
NOTES = Rate(60, MINUTE)


def account_of(email: str) -> str:
    """What stands for an address in a bucket's name: the table holds nobody's, known or not."""
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def network_of(address: str) -> str:
    """The network of a client: a /24, or a /64, which is what one customer of a provider commonly has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    length = 24 if found.version == 4 else 64
    return str(ipaddress.ip_network(f"{found}/{length}", strict=False))
