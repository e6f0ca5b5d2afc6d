"""Reading the balance sheet from the rows, in one view of the database."""

from collections import defaultdict

from clarion.domain import books
from clarion.domain.message import Status
from clarion.store import campaigns
from clarion.store.db import Database, Tx
from clarion.store.runs import books as journeys


async def check_books(db: Database) -> list[str]:
    """A sentence for everything that does not balance, over all campaigns and runs; [] when all does."""
    async with db.reading() as tx:
        in_outbox = await _grouped(
            tx, "SELECT campaign_id, state AS status, count(*) AS n FROM outbox GROUP BY campaign_id, state"
        )
        settled = await _grouped(
            tx,
            "SELECT campaign_id, status, count(*) AS n FROM messages "
            "WHERE campaign_id IS NOT NULL GROUP BY campaign_id, status",
        )
        rows = await tx.all("SELECT id, name FROM campaigns ORDER BY id")
        counts = await campaigns.counts(tx, [row.id for row in rows])
        found = [*await _strays(tx), *await journeys.check(tx)]
    for row in rows:
        held = {status: n for status, n in settled[row.id].items() if status != Status.QUEUED}
        title = f"Campaign {row.id} {row.name!r}"
        if row.id in counts:
            found += books.problems(title, counts[row.id], in_outbox[row.id], held)
        else:
            found.append(f"{title} has no counters.")
    return found


async def _grouped(tx: Tx, query: str) -> defaultdict[int, dict[str, int]]:
    groups: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in await tx.all(query):
        groups[row.campaign_id][row.status] = row.n
    return groups


async def _strays(tx: Tx) -> list[str]:
    """Messages and outbox rows that should have each other."""
    alone = await tx.scalar(
        "SELECT count(*) FROM messages m LEFT JOIN outbox o ON o.message_id = m.id "
        "WHERE m.status = 'queued' AND o.message_id IS NULL"
    )
    settled = await tx.scalar(
        "SELECT count(*) FROM outbox o LEFT JOIN messages m ON m.id = o.message_id AND m.status = 'queued' "
        "WHERE m.id IS NULL"
    )
    apart = await tx.scalar(
        "SELECT count(*) FROM outbox o JOIN messages m ON m.id = o.message_id "
        "WHERE coalesce(m.campaign_id, 0) <> o.campaign_id OR m.sender_id <> o.sender_id"
    )
    return [
        sentence
        for n, sentence in (
            (alone, f"{alone:,} messages are queued but not in the outbox: nothing would send them."),
            (
                settled,
                f"{settled:,} outbox rows belong to messages that are settled: they would be sent again.",
            ),
            (apart, f"{apart:,} outbox rows name another campaign or sender than their message."),
        )
        if n
    ]
