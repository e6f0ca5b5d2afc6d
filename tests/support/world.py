"""A small world in a database: a sender, a campaign and its queued messages, made by plain SQL."""

import json
from dataclasses import dataclass

from clarion.store.counts import Moves, apply
from clarion.store.db import Database, Tx


@dataclass(frozen=True, slots=True)
class World:
    """Ids of what `make_world` put there. `messages` are in the order they are due."""

    sender: int
    campaign: int
    messages: list[int]


async def make_world(
    db: Database, *, people: int = 3, rate: float = 0, name: str = "c", first: int = 0, sender: int = 0
) -> World:
    """A running campaign with `people` queued messages on a sender of `rate` messages per second."""
    async with db.transaction() as tx:
        sender = sender or await add_sender(tx, rate=rate, name=f"sender {name}")
        campaign = int(
            await tx.scalar(
                "INSERT INTO campaigns (workspace_id, name, sender_id, content, status, expanded) "
                "VALUES (1, :name, :sender, :content, 'running', true) RETURNING id",
                {
                    "name": name,
                    "sender": sender,
                    "content": json.dumps({"type": "text", "body": "Hi {{ name }}"}),
                },
            )
        )
        await tx.run("INSERT INTO campaign_counts (campaign_id) VALUES (:id)", {"id": campaign})
        messages = [
            await add_message(tx, sender=sender, campaign=campaign, contact=first + n) for n in range(people)
        ]
        moves = Moves()
        moves.add(campaign, "audience", people)
        moves.add(campaign, "queued", people)
        await apply(tx, moves.deltas)
    return World(sender, campaign, messages)


async def add_sender(tx: Tx, *, rate: float, name: str) -> int:
    """An active sender with a timeline."""
    sender = int(
        await tx.scalar(
            "INSERT INTO senders (workspace_id, name, provider, account, secrets) "
            "VALUES (1, :name, 'whatsapp', :account, 'sealed') RETURNING id",
            {"name": name, "account": name},
        )
    )
    await tx.run(
        "INSERT INTO timelines (sender_id, rate, pace) VALUES (:id, :rate, :rate)",
        {"id": sender, "rate": rate},
    )
    return sender


async def add_message(
    tx: Tx, *, sender: int, campaign: int | None, contact: int, priority: int = 20, expires_at: int = 0
) -> int:
    """A queued message with its outbox row; not counted."""
    person = f"4477009{contact:05}"
    message = int(
        await tx.scalar(
            "INSERT INTO messages (workspace_id, campaign_id, contact_id, sender_id, address, person, variables, "
            "status) VALUES (1, :campaign, :contact, :sender, :address, :person, :variables, 'queued') RETURNING id",
            {
                "campaign": campaign,
                "contact": contact,
                "sender": sender,
                "address": f"+{person}",
                "person": person,
                "variables": json.dumps({"name": f"N{contact}"}),
            },
        )
    )
    await tx.run(
        "INSERT INTO outbox (message_id, workspace_id, sender_id, campaign_id, contact_id, person, priority, "
        "expires_at) VALUES (:id, 1, :sender, :campaign, :contact, :person, :priority, :expires)",
        {
            "id": message,
            "sender": sender,
            "campaign": campaign or 0,
            "contact": contact,
            "person": person,
            "priority": priority,
            "expires": expires_at,
        },
    )
    return message


async def count_row(db: Database, campaign: int) -> dict[str, int]:
    """The campaign's counters that are not zero."""
    async with db.reading() as tx:
        row = await tx.first("SELECT * FROM campaign_counts WHERE campaign_id = :id", {"id": campaign})
    assert row is not None
    return {k: v for k, v in row._mapping.items() if v and k not in ("campaign_id", "breaker")}


async def balanced(db: Database, campaign: int) -> bool:
    """Whether the counters equal the rows and add up to the audience."""
    async with db.reading() as tx:
        rows = await tx.all(
            "SELECT coalesce(o.state, m.status) AS status, count(*) AS n FROM messages m "
            "LEFT JOIN outbox o ON o.message_id = m.id WHERE m.campaign_id = :id GROUP BY coalesce(o.state, m.status)",
            {"id": campaign},
        )
    held = await count_row(db, campaign)
    audience = held.pop("audience", 0)
    return held == {row.status: row.n for row in rows} and sum(held.values()) == audience
