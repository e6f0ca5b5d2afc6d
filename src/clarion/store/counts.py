"""Campaign counters: moved in the same transaction as the rows they count, so a reader never sees them differ."""

from collections import defaultdict
from collections.abc import Mapping

from clarion.domain.breaker import WINDOW
from clarion.domain.message import Status
from clarion.store import dialect
from clarion.store.db import Tx

COLUMNS = ("audience", *(status.value for status in Status), "missing", "merged")

Deltas = Mapping[int, Mapping[str, int]]
"""Campaign id -> column -> how much it grows. Campaign 0 (single messages) is not counted."""


class Moves:
    """Collects what a batch does to the counters."""

    def __init__(self) -> None:
        self.deltas: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, campaign: int | None, column: str, n: int = 1) -> None:
        """`n` more in `column`; nothing for a single message."""
        if campaign and n:
            self.deltas[campaign][column] += n

    def move(self, campaign: int | None, held: str, new: str, n: int = 1) -> None:
        """`n` messages went from status `held` to status `new`."""
        if held != new:
            self.add(campaign, held, -n)
            self.add(campaign, new, n)


async def apply(tx: Tx, deltas: Deltas, letters: Mapping[int, str] | None = None) -> dict[int, str]:
    """Add the deltas, and `letters` to the campaigns' breaker histories (domain/breaker.py), which are returned.

    Campaigns in order of id, so that two transactions never wait for each other in a ring.
    """
    histories: dict[int, str] = {}
    for campaign in sorted({*deltas, *(letters or {})} - {0}):
        grown = {column: n for column, n in deltas.get(campaign, {}).items() if n}
        changes = [f"{column} = {column} + :{column}" for column in sorted(grown)]
        new = (letters or {}).get(campaign, "")
        if new:
            changes.append(f"breaker = {dialect.tail(tx.name, 'breaker || :letters', WINDOW)}")
        if changes:
            row = await tx.first(
                f"UPDATE campaign_counts SET {', '.join(changes)} WHERE campaign_id = :campaign "  # our names
                "RETURNING breaker",
                {**grown, "campaign": campaign, **({"letters": new} if new else {})},
            )
            if new and row is not None:
                histories[campaign] = row.breaker
    return histories
