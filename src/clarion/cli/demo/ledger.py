"""What the simulator says happened, against what we say happened."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

_REACHED = frozenset({"accepted", "sent", "delivered", "read"})
_ACCOUNTED = frozenset({"unknown", "failed", "suppressed", "cancelled", "expired"})


@dataclass(frozen=True, slots=True)
class Ledger:
    """The simulator's own record: requests it accepted and refused, by the recipient's digits."""

    accepted: Mapping[str, int]
    refused: frozenset[str]
    stats: Mapping[str, Any]

    @property
    def duplicates(self) -> int:
        """Messages accepted for somebody who had been sent one already."""
        return sum(n - 1 for n in self.accepted.values())


@dataclass(slots=True)
class Comparison:
    """Our statuses against the ledger, person by person."""

    statuses: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    """People nobody tried to reach and nothing is shown for, or shown as reached though the ledger has nothing."""
    unknown_accepted: int = 0
    """Shown as unknown, but the ledger accepted it."""
    unknown_not_held: int = 0
    """Shown as unknown, and the ledger has nothing: exactly what one command may send again."""

    def add(self, address: str, status: str, ledger: Ledger) -> None:
        """Take one of our messages into account."""
        person = digits(address)
        held = person in ledger.accepted
        self.statuses[status] += 1
        silent = not held and person not in ledger.refused and status not in _ACCOUNTED
        if silent or (status in _REACHED and not held):
            self.lost += 1
        if status == "unknown":
            self.unknown_accepted += held
            self.unknown_not_held += not held


class Simulator:
    """The simulator's control API."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def stats(self) -> Mapping[str, Any]:
        """The figures over all senders."""
        async with self._session.get(f"{self.url}/_sim/stats") as answer:
            answer.raise_for_status()
            total: Mapping[str, Any] = orjson.loads(await answer.read())["total"]
            return total

    async def ledger(self) -> Ledger:
        """What became of every request it got, by person."""
        accepted: Counter[str] = Counter()
        refused: set[str] = set()
        async for row in self.sends():
            if row["outcome"] == "accepted":
                accepted[digits(row["recipient"])] += 1
            elif row["outcome"] == "refused":
                refused.add(digits(row["recipient"]))
        return Ledger(accepted, frozenset(refused), await self.stats())

    def sends(self) -> AsyncIterator[Mapping[str, Any]]:
        """Every request it got, in order of arrival."""
        return self._rows("ledger")

    def replies(self) -> AsyncIterator[Mapping[str, Any]]:
        """Everything its people wrote."""
        return self._rows("ledger/replies")

    async def _rows(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        async with self._session.get(f"{self.url}/_sim/{path}") as answer:
            answer.raise_for_status()
            async for line in answer.content:
                yield orjson.loads(line)


def digits(address: str) -> str:
    """A phone number without its plus sign or channel, which providers write differently."""
    return "".join(filter(str.isdigit, address))
