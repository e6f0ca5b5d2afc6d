"""Pace: the set rate, seen by a simulator that enforces exactly that rate."""

import asyncio
import sys
from typing import Any

from bench.lab import Nobody, add_people, database, lab, make_campaign, wait_for
from clarion.services import campaigns
from clarion.store.db import Database

IN_OUR_HANDS = ("queued", "leased", "sending")


def measure(kind: str, rate: int, *, seconds: float = 20, workers: int = 1) -> dict[str, Any]:
    """One campaign at `rate`; what the simulator saw."""
    with database(kind) as url:
        return asyncio.run(_measure(url, rate, seconds, workers))


async def _measure(url: str, rate: int, seconds: float, workers: int) -> dict[str, Any]:
    count = max(100, int(rate * seconds))
    sim = {"latency": {"kind": "uniform", "low_ms": 100, "high_ms": 500}, "whatsapp": {"rate": rate}}
    async with lab(url, workers=workers, sim=sim) as held:
        db = await Database.open(url, pool=3)
        try:
            people = await add_people(db, count)
            campaign = await make_campaign(db, held.folder, rate=rate, people=people)
            cpu = held.cpu()
            await campaigns.launch_campaign(db, Nobody(), campaign)
            await wait_for(db, campaign, moving=IN_OUR_HANDS, seconds=count / rate * 2 + 30)
            cpu = held.cpu() - cpu
            stats = held.ask("stats")["total"]
        finally:
            await db.close()
    return {
        "database": url.split(":", maxsplit=1)[0],
        "workers": workers,
        "rate": rate,
        "messages": count,
        "accepted": stats["accepted"],
        "mean": stats["rate_mean"],
        "ratio": stats["rate_mean"] / rate,
        "max_1s": stats["rate_max_1s"],
        "throttled": stats["throttled"],
        "duplicates": stats["duplicates"],
        "cpu_ms": cpu / count * 1_000,
    }


if __name__ == "__main__":
    kind, rate, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    print(measure(kind, rate, workers=workers))
