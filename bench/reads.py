"""Reads of the API over a workspace with a million contacts and a million messages of one campaign.

python -m bench.reads postgresql 1000000
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

from bench.lab import Lab, add_people, database, lab, make_campaign
from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.store.db import Database

STATUSES = {"read": 60, "delivered": 25, "sent": 10, "accepted": 4}
"""Of a hundred messages; the rest failed."""

FAILURES = ("131026", "131049")


def measure(kind: str, *, people: int = 1_000_000, rate: float = 50, each: int = 200) -> list[dict[str, Any]]:
    """Milliseconds of each kind of read, asked `each` times, `rate` requests per second over all kinds."""
    with database(kind) as url:
        return asyncio.run(_measure(url, people, rate, each))


async def _measure(url: str, people: int, rate: float, each: int) -> list[dict[str, Any]]:
    async with lab(url, CLARION_API__RATE="0") as held:
        db = await Database.open(url, pool=3)
        try:
            name = await add_people(db, people)
            campaign = await make_campaign(db, held.folder, rate=80, people=name)
            await _sent(db, campaign)
            key = (await make_key(db, workspace=1, name="bench", scopes=list(Permission))).secret
            async with db.transaction() as tx:
                await tx.run("ANALYZE")
            paths = await _paths(db, campaign)
            took = await _ask(held, paths, key, rate, each)
        finally:
            await db.close()
    return [
        {
            "database": url.split(":", maxsplit=1)[0],
            "read": what,
            "p50_ms": round(sorted(found)[len(found) // 2], 1),
            "p99_ms": round(sorted(found)[int(len(found) * 0.99)], 1),
        }
        for what, found in took.items()
    ]


async def _sent(db: Database, campaign: int) -> None:
    """Everybody's message, with the books in order; failures are few and far apart."""
    bounds, cases = 0, []
    for status, share in STATUSES.items():
        bounds += share
        cases.append(f"WHEN c.id % 100 < {bounds} THEN '{status}'")
    status = f"CASE {' '.join(cases)} ELSE 'failed' END"
    code = f"CASE c.id % 2 WHEN 0 THEN '{FAILURES[0]}' ELSE '{FAILURES[1]}' END"
    async with db.transaction() as tx:
        sender = await tx.scalar("SELECT sender_id FROM campaigns WHERE id = :id", {"id": campaign})
        await tx.run(
            "INSERT INTO messages (workspace_id, campaign_id, contact_id, sender_id, address, person, variables, "
            "status, attempts, provider_id, fault_code, fault_reason, fault_kind, created_at, accepted_at, sent_at) "
            f"SELECT 1, cast(:campaign AS bigint), c.id, cast(:sender AS bigint), c.address, c.person, c.attributes, "
            f"{status}, 1, 'wamid.' || c.person, CASE WHEN c.id % 100 = 99 THEN {code} ELSE '' END, "
            "CASE WHEN c.id % 100 = 99 THEN 'not deliverable' ELSE '' END, "
            "CASE WHEN c.id % 100 = 99 THEN 'undeliverable' ELSE '' END, 1, 1, 1 FROM contacts c ORDER BY c.id",
            {"campaign": campaign, "sender": sender},
        )
        counted = await tx.all("SELECT status, count(*) AS n FROM messages GROUP BY status")
        total = sum(row.n for row in counted)
        columns = ", ".join(f"{row.status} = {row.n}" for row in counted)
        await tx.run(f"UPDATE campaign_counts SET audience = {total}, {columns}")
        await tx.run("UPDATE campaigns SET status = 'paused', expanded = true, launched_at = 1")


async def _paths(db: Database, campaign: int) -> Mapping[str, str]:
    async with db.reading() as tx:
        middle = await tx.first(
            "SELECT id, contact_id, address FROM messages ORDER BY id LIMIT 1 OFFSET 1000"
        )
    assert middle is not None
    one = f"/campaigns/cmp_{campaign}"
    phone = middle.address.replace("+", "%2B")
    return {
        "campaigns": "/campaigns",
        "a campaign": one,
        "its figures": f"{one}/stats",
        "its recipients": f"{one}/recipients?limit=100",
        "its failed recipients": f"{one}/recipients?limit=100&status=failed",
        "the message log": "/messages?limit=100",
        "a person's messages": f"/messages?phone={phone}",
        "a message": f"/messages/msg_{middle.id}",
        "contacts": "/contacts?limit=100",
        "a contact by phone": f"/contacts?phone={phone}",
        "a contact": f"/contacts/con_{middle.contact_id}",
        "lists": "/lists",
        "the engine": "/engine",
    }


async def _ask(
    held: Lab, paths: Mapping[str, str], key: str, rate: float, each: int
) -> Mapping[str, list[float]]:
    base = held.ask("config")["whatsapp"]["webhook_url"].removesuffix("/webhooks/whatsapp") + "/api/v1"
    headers = {"Authorization": f"Bearer {key}"}
    took: dict[str, list[float]] = {what: [] for what in paths}
    async with aiohttp.ClientSession(headers=headers) as http:

        async def ask(what: str, path: str) -> None:
            began = time.perf_counter()
            async with http.get(base + path) as answer:
                text = await answer.read()
                assert answer.status == 200, (path, answer.status, text[:300])
            took[what].append((time.perf_counter() - began) * 1_000)

        for what, path in paths.items():
            await ask(what, path)
            took[what].clear()  # the first of each reads the index from the disk
        began, tasks = time.monotonic(), []
        for n in range(each * len(paths)):
            await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
            what = list(paths)[n % len(paths)]
            tasks.append(asyncio.create_task(ask(what, paths[what])))
        await asyncio.gather(*tasks)
    return took


if __name__ == "__main__":
    for row in measure(sys.argv[1], people=int(sys.argv[2])):
        print(row)
