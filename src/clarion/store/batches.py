"""Messages handed over in one request: kept as they came, until they are messages."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from clarion.store import dialect, singles
from clarion.store.audience import STOPPED
from clarion.store.campaigns import Campaign
from clarion.store.counts import COLUMNS
from clarion.store.db import Tx
from clarion.store.expansion import Batch, queue_written
from clarion.store.tables import batches


@dataclass(frozen=True, slots=True)
class Row:
    """One of them, its number read. `place` counts from 1 in the request."""

    place: int
    address: str
    person: str
    text: str


Refused = tuple[int, str, str]
"""Place, number as it was given, and why no message can be made of it."""

_ROWS = dialect.Rows({"place": "int", "person": "text", "variables": "json"})


async def add(
    tx: Tx, campaign: int, *, workspace: int, leader: int, rows: Sequence[tuple[int, str, str]]
) -> None:
    """Keep [place, number, text] of each message; whatever was sent in one request has the same leader."""
    await tx.run(
        sa.insert(batches),
        {
            "campaign_id": campaign,
            "workspace_id": workspace,
            "leader_id": leader,
            "total": len(rows),
            "rows": zlib.compress(
                orjson.dumps(rows), 1
            ),  # a fifth of the time and space that it takes as it is
        },
    )


async def rows_of(tx: Tx, campaign_id: int) -> list[tuple[int, str, str]]:
    """What came, in its order; nothing once all are messages."""
    kept = await tx.scalar(sa.select(batches.c.rows).where(batches.c.campaign_id == campaign_id))
    return [(place, to, text) for place, to, text in orjson.loads(zlib.decompress(kept))] if kept else []


async def write(tx: Tx, campaign: Campaign, rows: Sequence[Row], now: int) -> Batch:
    """Turn rows into messages and outbox rows of the campaign, each once; their people become contacts."""
    await singles.add_people(tx, campaign.workspace_id, {row.person: row.address for row in rows})
    before = await tx.scalar("SELECT coalesce(max(id), 0) FROM messages")
    values = [[row.place, row.person, orjson.dumps({"body": row.text}).decode()] for row in rows]
    await tx.run(
        f"""
        INSERT INTO messages
               (workspace_id, campaign_id, contact_id, place, sender_id, address, person, variables, status,
                created_at)
        SELECT c.workspace_id, :campaign, c.id, v.place, :sender, c.address, c.person, v.variables,
               CASE WHEN s.person IS NULL THEN 'queued' ELSE 'suppressed' END, :now
        FROM {_ROWS.sql(tx.name)} JOIN contacts c ON c.workspace_id = :workspace AND c.person = v.person {STOPPED}
        WHERE true ORDER BY v.place
        ON CONFLICT (campaign_id, contact_id, place) DO NOTHING
        """,
        {
            "workspace": campaign.workspace_id,
            "campaign": campaign.id,
            "sender": campaign.sender_id,
            "now": now,
            **_ROWS.params(tx.name, values),
        },
    )
    queued, suppressed = await queue_written(tx, campaign.id, before, now)
    return Batch(queued, suppressed, 0, 0)


async def refuse(tx: Tx, campaign_id: int, refused: Sequence[Refused], *, last: bool) -> None:
    """Keep what cannot be a message; after the `last` ones, forget what came."""
    values: dict[str, Any] = {"rows": None} if last else {}
    if refused:
        held = await tx.scalar(sa.select(batches.c.refused).where(batches.c.campaign_id == campaign_id))
        values["refused"] = [*(held or []), *refused]
    if values:
        await tx.run(sa.update(batches).where(batches.c.campaign_id == campaign_id).values(**values))


@dataclass(frozen=True, slots=True)
class Part:
    """One campaign of a request, with its counters in `row`."""

    leader_id: int
    total: int
    row: Any


async def history(tx: Tx, workspace: int, *, before: int, limit: int) -> list[Part]:
    """The parts of the newest requests that were not taken out; of those before the leader `before`."""
    leaders = await tx.all(
        "SELECT campaign_id FROM batches WHERE workspace_id = :workspace AND leader_id = campaign_id "
        "AND hidden = :no AND campaign_id < :before ORDER BY campaign_id DESC LIMIT :limit",
        {"workspace": workspace, "no": False, "before": before, "limit": limit},
    )
    return await _parts(tx, workspace, [row.campaign_id for row in leaders])


async def of_leader(tx: Tx, workspace: int, leader: int) -> list[Part]:
    """The parts of one request; none if it is not there, or was taken out."""
    return await _parts(tx, workspace, [leader])


async def refused_of(tx: Tx, leader: int) -> list[Refused]:
    """What of a request could not become a message, in its order."""
    rows = await tx.all(sa.select(batches.c.refused).where(batches.c.leader_id == leader))
    return sorted((place, to, why) for row in rows for place, to, why in row.refused or [])


async def hide(tx: Tx, leader: int) -> None:
    """Take a request that is over out of the history, and forget what never became messages."""
    await tx.run(
        "UPDATE batches SET hidden = :yes, rows = NULL WHERE leader_id = :leader",
        {"yes": True, "leader": leader},
    )


_IDS = dialect.Rows({"id": "int"})


async def _parts(tx: Tx, workspace: int, leaders: Sequence[int]) -> list[Part]:
    counters = ", ".join(f"k.{column}" for column in COLUMNS)
    rows = await tx.all(
        f"""
        SELECT b.leader_id, b.total, c.id, c.status, c.expanded, c.created_at, c.finished_at, {counters}
        FROM {_IDS.sql(tx.name)} JOIN batches b ON b.leader_id = v.id JOIN campaigns c ON c.id = b.campaign_id
        JOIN campaign_counts k ON k.campaign_id = c.id
        WHERE b.workspace_id = :workspace AND b.hidden = :no ORDER BY b.leader_id DESC, b.campaign_id
        """,
        {"workspace": workspace, "no": False, **_IDS.params(tx.name, [[i] for i in leaders])},
    )
    return [Part(row.leader_id, row.total, row) for row in rows]
