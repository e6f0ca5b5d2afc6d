"""What came of a sender's requests, by the minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.store import dialect
from clarion.store.db import Tx

MINUTE = 60_000_000
KEPT = 7 * 24 * 60
"""Minutes."""

RESULTS = ("accepted", "rejected", "not_sent", "unknown")

_ROWS = dialect.Rows({"sender": "int", **dict.fromkeys(RESULTS, "int")})


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of one sender. `at`: its beginning, microseconds since 1970."""

    at: int
    accepted: int
    rejected: int
    not_sent: int
    unknown: int


async def add(tx: Tx, found: Mapping[int, Mapping[str, int]], now: int) -> None:
    """Count these results of each sender in the minute of `now`.

    Senders in order of id, so that two transactions never wait for each other in a ring.
    """
    if not found:
        return
    rows = [[sender, *(found[sender].get(result, 0) for result in RESULTS)] for sender in sorted(found)]
    grown = ", ".join(f"{each} = sender_minutes.{each} + excluded.{each}" for each in RESULTS)
    await tx.run(
        f"INSERT INTO sender_minutes (sender_id, minute, {', '.join(RESULTS)}) "
        f"SELECT v.sender, cast(:minute as bigint), {', '.join(f'v.{each}' for each in RESULTS)} "
        # A sender deleted meanwhile has nothing to be told.
        f"FROM {_ROWS.sql(tx.name)} JOIN senders s ON s.id = v.sender WHERE true ORDER BY v.sender "
        f"ON CONFLICT (sender_id, minute) DO UPDATE SET {grown}",
        {"minute": now // MINUTE, **_ROWS.params(tx.name, rows)},
    )


async def of_sender(tx: Tx, sender: int, *, since: int) -> Sequence[Minute]:
    """The sender's minutes from `since` on, oldest first; those in which nothing was asked are left out."""
    rows = await tx.all(
        f"SELECT minute, {', '.join(RESULTS)} FROM sender_minutes "
        "WHERE sender_id = :sender AND minute >= :since ORDER BY minute",
        {"sender": sender, "since": since // MINUTE},
    )
    return [Minute(row.minute * MINUTE, *(getattr(row, each) for each in RESULTS)) for row in rows]


async def forget(tx: Tx, now: int) -> None:
    """Drop what is older than KEPT."""
    await tx.run("DELETE FROM sender_minutes WHERE minute < :oldest", {"oldest": now // MINUTE - KEPT})
