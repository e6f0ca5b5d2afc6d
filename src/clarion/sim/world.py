"""What the simulator remembers between requests, apart from each provider's own objects."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clarion.sim.agenda import Agenda
from clarion.sim.config import SimConfig
from clarion.sim.ledger import Ledger, Tally
from clarion.sim.limits import SECOND, PairLimit
from clarion.sim.webhooks import Courier

WINDOW = 24 * 3600 * SECOND
"""Nanoseconds a person's message keeps the service window open."""


@dataclass(slots=True)
class Token:
    """Whether a provider's credential works; `left` sends until it dies, None for ever."""

    valid: bool
    left: int | None

    def use(self) -> bool:
        """Whether one more send may use it."""
        if self.valid and self.left is not None:
            self.left -= 1
            self.valid = self.left >= 0
        return self.valid


class World:
    """One run of the simulator: a reset makes a new one."""

    def __init__(self, config: SimConfig, ledger_path: Path | None = None) -> None:
        self.config = config
        self.ledger = Ledger(ledger_path)
        self.courier = Courier(config.delivery, self.ledger.total)
        self.pairs = PairLimit()
        self.run = secrets.randbits(24)
        self.tokens = {
            "whatsapp": Token(True, config.whatsapp.revoke_after),
            "twilio": Token(True, config.twilio.revoke_after),
        }
        self._opted_out: dict[tuple[str, str], bool] = {}
        self._wrote: dict[tuple[str, str], tuple[int, str]] = {}
        self._attempts: dict[tuple[str, str], int] = {}
        self._held_until: dict[tuple[str, str], int] = {}
        self._now = 0
        self._agenda = Agenda()

    def configure(self, config: SimConfig) -> None:
        """Use another configuration from the next request on."""
        before, self.config = self.config, config
        self.courier.delivery = config.delivery
        if config.whatsapp.revoke_after != before.whatsapp.revoke_after:
            self.tokens["whatsapp"].left = config.whatsapp.revoke_after
        if config.twilio.revoke_after != before.twilio.revoke_after:
            self.tokens["twilio"].left = config.twilio.revoke_after

    def arrived(self, arrival: int) -> int:
        """The arrival's place in the ledger's order: itself, unless a later one was complete before it."""
        self._now = max(self._now, arrival)
        return self._now

    def attempt(self, provider: str, recipient: str) -> int:
        """The how-many-eth request to this recipient this is, counting those that were not throttled."""
        key = (provider, recipient)
        number = self._attempts[key] = self._attempts.get(key, 0) + 1
        return number

    def hold(self, provider: str, sender: str, until: int) -> None:
        """Throttle a sender (or "" for all of the provider's) until an instant, in monotonic nanoseconds."""
        self._held_until[provider, sender] = until

    def held(self, provider: str, sender: str, now: int) -> bool:
        """Whether the sender is throttled by `hold`."""
        held = self._held_until
        return bool(held) and now < max(held.get((provider, sender), 0), held.get((provider, ""), 0))

    def hear(self, sender: str, person: str, words: str, now: int) -> None:
        """A person wrote these words, or pressed the button with this payload: the service window opens."""
        self._wrote[sender, person] = now, words

    def window_open(self, sender: str, person: str, now: int) -> bool:
        """Whether the person wrote to this sender within 24 hours."""
        wrote = self._wrote.get((sender, person))
        return wrote is not None and now - wrote[0] < WINDOW

    def said(self, sender: str, person: str) -> str:
        """The last words of the person to this sender; "" if there are none."""
        wrote = self._wrote.get((sender, person))
        return "" if wrote is None else wrote[1]

    def opt(self, sender: str, person: str, *, out: bool) -> None:
        """A person said stop, or start again, to this sender."""
        self._opted_out[sender, person] = out

    def opted_out(self, sender: str, person: str) -> bool | None:
        """What the person last said to this sender about stopping; None if nothing."""
        return self._opted_out.get((sender, person))

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do it `delay` seconds from now."""
        self._agenda.later(delay, action)

    def expect_callbacks(self, tally: Tally, count: int) -> None:
        """Count callbacks that will be posted, or found to have no address."""
        self.courier.count(tally, "callbacks_pending", count)

    def unaddressed(self, tally: Tally) -> None:
        """An expected callback has no URL to go to."""
        self.courier.count(tally, "callbacks_pending", -1)
        self.courier.count(tally, "callbacks_unaddressed")

    async def close(self) -> None:
        """End the run: nothing more is posted, the ledger's file is complete."""
        self._agenda.close()
        await self.courier.close()
        self.ledger.close()
