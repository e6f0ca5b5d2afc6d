"""Throughput without a rate, durable end to end, against the same HTTP client posting the same bodies alone."""

import asyncio
import os
import sys
import time
from typing import Any

import psutil
import uvloop

from bench.lab import CONTENT, NUMBER, Lab, Nobody, add_people, database, lab, make_campaign, wait_for
from clarion.domain.template import compile_content
from clarion.providers import registry
from clarion.providers.base import Outgoing, SenderAccount
from clarion.providers.transport import Transport
from clarion.services import campaigns
from clarion.store.db import Database

SIM = {
    "latency": {"kind": "uniform", "low_ms": 20, "high_ms": 60},
    "whatsapp": {"rate": None},
    "receipts": {"sent": {"low_ms": 60_000, "high_ms": 90_000}},
}
"""Receipts come after the measurement: intake has a budget of its own."""

TOGETHER = 512


def baseline(count: int) -> dict[str, float]:
    """Messages per second and CPU of the provider client with no database at all, against a fresh simulator."""
    with database("sqlite") as url:
        return uvloop.run(_baseline(url, count))


async def _baseline(url: str, count: int) -> dict[str, float]:
    async with lab(url, workers=1, sim=SIM) as held:
        rate, cpu = await post_alone(held, count)
    return {"per_second": rate, "cpu_ms": cpu}


async def post_alone(held: Lab, count: int) -> tuple[float, float]:
    """Post `count` rendered messages, TOGETHER at a time; messages per second and CPU milliseconds each."""
    account = SenderAccount(NUMBER, {"waba_id": "200000000000001"}, {"token": "sim-token", "app_secret": "x"})
    compiled = compile_content(CONTENT)
    mine = psutil.Process(os.getpid())
    async with Transport() as transport:
        provider = registry.build(
            "whatsapp", account, transport, settings={"url": held.sim}, public_url="http://127.0.0.1"
        )
        numbers = iter(range(count))

        async def post() -> None:
            for n in numbers:
                content = compiled.render({"name": f"Person {n}", "order": str(n)})
                await provider.send(Outgoing(f"+4478{n:08}", content, f"{n}.{n:032x}"))

        before, began = mine.cpu_times(), time.monotonic()
        await asyncio.gather(*(post() for _ in range(TOGETHER)))
        took, after = time.monotonic() - began, mine.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    return count / took, cpu / count * 1_000


def durable(kind: str, count: int) -> dict[str, Any]:
    """A campaign without a rate through `clarion serve`."""
    with database(kind) as url:
        return uvloop.run(_durable(url, count))


async def _durable(url: str, count: int) -> dict[str, Any]:
    async with lab(url, sim=SIM, CLARION_SENDING__IN_FLIGHT=str(TOGETHER)) as held:
        db = await Database.open(url, pool=3)
        try:
            people = await add_people(db, count)
            campaign = await make_campaign(db, held.folder, rate=0, people=people)
            await campaigns.launch_campaign(db, Nobody(), campaign)
            cpu = held.cpu()
            counts = await wait_for(db, campaign, moving=("queued", "leased", "sending"), seconds=300)
            cpu = held.cpu() - cpu
            stats = held.ask("stats")["total"]
        finally:
            await db.close()
        return {
            "database": url.split(":", maxsplit=1)[0],
            "messages": count,
            "per_second": stats["rate_mean"],
            "cpu_ms": cpu / count * 1_000,
            "memory_mb": held.memory() / 2**20,
            "duplicates": stats["duplicates"],
            "counts": counts,
        }


if __name__ == "__main__":
    if sys.argv[1] == "alone":
        print(baseline(int(sys.argv[2])))
    else:
        print(durable(sys.argv[1], int(sys.argv[2])))
