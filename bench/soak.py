"""Kill the server again and again while it sends, then compare its books with the provider's ledger.

make soak ARGS="--kills 50 --messages 5000 --database sqlite"
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.lab import database
from clarion.sim.server import Simulator
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.server import Server, accepted, closing, finished, prepare, simulated
from tests.support.stack import free_port


async def soak(url: str, *, kills: int, messages: int, rate: float, seed: int) -> dict[str, Any]:
    """One campaign, one server, `kills` times SIGKILL at random moments; what came of it."""
    chance, port = random.Random(seed), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with Simulator(simulated(port)) as sim:
            db = await Database.open(url, pool=3)
            campaign = await prepare(db, folder, people=messages, rate=rate)
            began = time.monotonic()
            with closing(Server(url, folder, sim.url, port)) as server:
                for _ in range(kills):
                    await server.start()
                    await asyncio.sleep(chance.uniform(0.05, 1.5))
                    await server.end(signal.SIGKILL)
                await server.start()
                counts = await finished(db, campaign, messages, seconds=messages / rate * 2 + 120)
                await server.end(signal.SIGTERM)
            taken = accepted(sim)
            problems = await check_books(db)
            await db.close()
    arrived = counts.get("delivered", 0) + counts.get("read", 0)
    return {
        "kills": kills,
        "messages": messages,
        "seed": seed,
        "lost": messages - len(set(taken)) - counts.get("unknown", 0),
        "duplicates": len(taken) - len(set(taken)),
        "wrong_failed": counts.get("failed", 0),
        "unresolved": counts.get("unknown", 0),
        "shown_as_the_ledger": arrived == len(set(taken)),
        "books_ok": not problems,
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> int:
    """Print one JSON line; exit 1 if a promise was broken."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--messages", type=int, default=5_000)
    options.add_argument("--rate", type=float, default=150)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = options.parse_args()
    with database(given.database) as url:
        found = asyncio.run(
            soak(url, kills=given.kills, messages=given.messages, rate=given.rate, seed=given.seed)
        )
    print(json.dumps({"database": given.database, **found}))
    broken = found["lost"] or found["duplicates"] or found["wrong_failed"] or not found["books_ok"]
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
