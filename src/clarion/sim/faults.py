"""Which fault strikes which request: pure, and fixed by seed, recipient and attempt, so that runs repeat."""

from __future__ import annotations

import math
import struct
from enum import StrEnum
from hashlib import blake2b
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clarion.sim.config import Faults, Latency

Draws = tuple[float, ...]
"""Sixteen independent numbers in [0, 1)."""

_WORDS = struct.Struct("<16I")
_STEP = 2.0**-32
_STANDARD = NormalDist()


class Fault(StrEnum):
    """What can go wrong with one send request. `BEFORE` holds those after which the provider has nothing."""

    RESET_BEFORE_ACCEPT = "reset_before_accept"
    HTML_5XX_BEFORE_ACCEPT = "html_5xx_before_accept"
    PROVIDER_5XX = "provider_5xx"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    RESET_AFTER_ACCEPT = "reset_after_accept"
    HTML_5XX_AFTER_ACCEPT = "html_5xx_after_accept"
    EMPTY_2XX = "empty_2xx"
    BROKEN_2XX = "broken_2xx"


BEFORE = frozenset({Fault.RESET_BEFORE_ACCEPT, Fault.HTML_5XX_BEFORE_ACCEPT, Fault.PROVIDER_5XX})


def draws(seed: int, *key: object) -> Draws:
    """The luck of `key`: the same for the same seed, whatever happened before."""
    digest = blake2b(repr((seed, key)).encode()).digest()
    return tuple([word * _STEP for word in _WORDS.unpack(digest)])


def pick(faults: Faults, recipient: str, attempt: int, luck: float) -> Fault | None:
    """The fault that strikes this attempt (1, 2, ...), if any."""
    if faults.recipients and (chosen := faults.recipients.get(recipient)):
        return chosen
    if faults.first_attempts is not None and attempt > faults.first_attempts:
        return None
    for border, fault in faults.borders:
        if luck < border:
            return fault
    return None


def latency(settings: Latency, luck: float) -> float:
    """Seconds until the answer."""
    match settings.kind:
        case "fixed":
            return settings.fixed_ms / 1000
        case "uniform":
            return (settings.low_ms + luck * (settings.high_ms - settings.low_ms)) / 1000
        case "lognormal":
            return (
                min(settings.median_ms * math.exp(settings.sigma * _deviation(luck)), settings.cap_ms) / 1000
            )


def _deviation(luck: float) -> float:
    return _STANDARD.inv_cdf(min(max(luck, 1e-9), 1 - 1e-9))
