"""Workspaces with people, lists, senders and campaigns, written straight into the tables."""

import json
from collections.abc import Sequence
from typing import Any

from clarion.services.campaigns import create_campaign, expand_campaign, launch_campaign, progress
from clarion.services.secrets import SecretBox
from clarion.services.senders import add_sender
from clarion.store import dialect
from clarion.store.db import Database

BOX = SecretBox({"k1": b"0" * 32})

_ROWS = dialect.Rows({"n": "int", "address": "text", "person": "text", "attributes": "json"})


class Woken:
    """A Waker that remembers what it was told."""

    def __init__(self) -> None:
        self.lanes: list[str] = []

    def wake(self, lane: str, *, after: int = 0) -> None:
        self.lanes.append(lane)


async def a_sender(db: Database, *, name: str = "main", rate: float = 60) -> int:
    """A WhatsApp sender."""
    return await add_sender(
        db,
        BOX,
        workspace=1,
        name=name,
        provider="whatsapp",
        account="106540352242922",
        config={"waba_id": "102290129340398"},
        secrets={"token": "EAAB", "app_secret": "s3", "verify_token": "v"},
        rate=rate,
    )


async def a_list(db: Database, name: str, people: Sequence[dict[str, Any]], *, first: int = 1) -> int:
    """A list whose n-th person (from `first` on) has the number +55419 and eight digits of n; lines from 2."""
    rows = [
        [n, f"+55419{n:08d}", f"55419{n:08d}", json.dumps(attributes)]
        for n, attributes in enumerate(people, start=first)
    ]
    async with db.transaction() as tx:
        list_id = await tx.scalar(
            "INSERT INTO lists (workspace_id, name) VALUES (1, :name) RETURNING id", {"name": name}
        )
        import_id = await tx.scalar(
            "INSERT INTO imports (workspace_id, list_id, file, name) VALUES (1, :l, '/x.csv', :f) RETURNING id",
            {"l": list_id, "f": f"{name}.csv"},
        )
        values = _ROWS.params(tx.name, rows)
        await tx.run(
            "INSERT INTO contacts (workspace_id, address, person, attributes) "
            f"SELECT 1, v.address, v.person, v.attributes FROM {_ROWS.sql(tx.name)} WHERE true "
            "ON CONFLICT (workspace_id, person) DO NOTHING",
            values,
        )
        await tx.run(
            "INSERT INTO list_members (list_id, contact_id, import_id, line) "
            f"SELECT :list, c.id, :import, v.n - :first + 2 FROM {_ROWS.sql(tx.name)} "
            "JOIN contacts c ON c.workspace_id = 1 AND c.person = v.person ORDER BY v.n",
            {**values, "list": list_id, "import": import_id, "first": first},
        )
    return int(list_id)


async def a_campaign(db: Database, lists: Sequence[str | int], **values: Any) -> int:
    """A draft that greets everybody by name."""
    given = {
        "name": "greet",
        "sender": "main",
        "content": {"type": "text", "body": "Hi {{ name }}"},
        **values,
    }
    return await create_campaign(db, lists=lists, **given)


def named(*names: str) -> list[dict[str, Any]]:
    """People with a name each."""
    return [{"name": name} for name in names]


async def expand_all(db: Database, woken: Woken, campaign_id: int, *, batch: int = 5_000) -> None:
    """Write all messages of a launched campaign."""
    while await expand_campaign(db, woken, campaign_id, batch=batch):
        pass


async def launched(db: Database, woken: Woken, people: int, **values: object) -> int:
    """A running campaign with `people` named P1, P2, ..., all of them queued."""
    await a_sender(db)
    await a_list(db, "all", named(*(f"P{n}" for n in range(1, people + 1))))
    campaign_id = await a_campaign(db, ["all"], **values)
    await launch_campaign(db, woken, campaign_id)
    await expand_all(db, woken, campaign_id)
    return campaign_id


async def stop_person(db: Database, n: int, *, until: int = 0) -> None:
    """The n-th person asked for no more messages (0: for good)."""
    async with db.transaction() as tx:
        await tx.run(
            "INSERT INTO suppressions (workspace_id, person, reason, until) VALUES (1, :p, 'opt_out', :until)",
            {"p": f"55419{n:08d}", "until": until},
        )


async def settle(db: Database, campaign_id: int, n: int, status: str, **facts: str) -> None:
    """The first `n` queued messages ended as `status`, written as the sending half would."""
    async with db.transaction() as tx:
        rows = await tx.all(
            "SELECT message_id FROM outbox WHERE campaign_id = :c AND state = 'queued' ORDER BY message_id LIMIT :n",
            {"c": campaign_id, "n": n},
        )
        for row in rows:
            if status in ("sending", "leased", "unknown"):
                await tx.run(
                    "UPDATE outbox SET state = :s WHERE message_id = :m", {"s": status, "m": row.message_id}
                )
                continue
            await tx.run("DELETE FROM outbox WHERE message_id = :m", {"m": row.message_id})
            await tx.run(
                "UPDATE messages SET status = :s, fault_code = :code, fault_reason = :reason WHERE id = :m",
                {"s": status, "m": row.message_id, "code": "", "reason": "", **facts},
            )
        await tx.run(
            f"UPDATE campaign_counts SET queued = queued - :n, {status} = {status} + :n WHERE campaign_id = :c",
            {"n": len(rows), "c": campaign_id},
        )


async def counts(db: Database, campaign_id: int) -> dict[str, int]:
    """The counters that are not zero."""
    found = (await progress(db, campaign_id)).counts
    return {name: n for name, n in found.items() if n}
