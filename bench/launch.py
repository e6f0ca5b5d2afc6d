"""Launch: a million stored contacts become messages; when the first one leaves."""

import asyncio
import sys
import time
from typing import Any

from bench.lab import Nobody, add_people, database, lab, make_campaign
from clarion.services import campaigns
from clarion.store.db import Database


def measure(kind: str, people: int) -> dict[str, Any]:
    """Seconds from the launch call to the last message written, and to the first one at the provider."""
    with database(kind) as url:
        return asyncio.run(_measure(url, people))


async def _measure(url: str, people: int) -> dict[str, Any]:
    sim = {"whatsapp": {"rate": None}, "receipts": {"sent": {"low_ms": 600_000, "high_ms": 700_000}}}
    async with lab(url, sim=sim) as held:
        db = await Database.open(url, pool=3)
        try:
            name = await add_people(db, people)
            campaign = await make_campaign(db, held.folder, rate=60, people=name)
            began, wall = time.monotonic(), time.time()
            await campaigns.launch_campaign(db, Nobody(), campaign)
            called = time.monotonic() - began
            while not await _expanded(db, campaign):
                await asyncio.sleep(0.1)
            took = time.monotonic() - began
            stats = held.ask("stats")["total"]
            memory = held.memory() / 2**20
        finally:
            await db.close()
    return {
        "database": url.split(":", maxsplit=1)[0],
        "people": people,
        "call_s": called,
        "written_s": took,
        "first_s": stats["first_arrival"] / 1e6 - wall,
        "memory_mb": memory,
    }


async def _expanded(db: Database, campaign: int) -> bool:
    async with db.reading() as tx:
        return bool(await tx.scalar("SELECT expanded FROM campaigns WHERE id = :id", {"id": campaign}))


if __name__ == "__main__":
    print(measure(sys.argv[1], int(sys.argv[2])))
