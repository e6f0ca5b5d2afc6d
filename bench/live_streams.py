"""What many open live streams cost beside a running campaign, and how soon they tell.

Run by hand: `.venv/bin/python -m bench.live_streams [streams] [sqlite|postgresql]`. Not part of `make bench`.
"""

import asyncio
import random
import statistics
import sys
import time

import aiohttp

from bench.lab import Nobody, add_people, database, lab, make_campaign
from clarion.domain.access import Permission
from clarion.services import campaigns
from clarion.services.access.keys import make_key
from clarion.store.db import Database

RATE = 250
SECONDS = 20
SETTLE = 4


async def measure(url: str, streams: int, kind: str) -> None:
    """Print the figures."""
    db = await Database.open(url)
    people = await add_people(db, RATE * (2 * SECONDS + 3 * SETTLE))
    many = "2000"
    async with lab(url, CLARION_API__STREAMS=many, CLARION_API__STREAMS_PER_CALLER=many) as held:
        campaign = await make_campaign(db, held.folder, rate=RATE, people=people)
        key = (await make_key(db, workspace=1, name="bench", scopes=Permission)).secret
        await campaigns.launch_campaign(db, Nobody(), campaign)
        await asyncio.sleep(SETTLE)
        before = held.cpu()
        await asyncio.sleep(SECONDS)
        alone = (held.cpu() - before) / SECONDS
        (log,) = held.folder.glob("serve-*.log")
        address = f"http://127.0.0.1:{log.stem.removeprefix('serve-')}/api/v1/live"
        told: list[float] = []
        events = [0]
        committed: dict[int, float] = {}
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
        ) as http:
            readers = [
                asyncio.create_task(_read(http, address, key, committed, told, events))
                for _ in range(streams)
            ]
            await asyncio.sleep(SETTLE)
            before, began, at_start = held.cpu(), time.monotonic(), events[0]
            number = 0
            while time.monotonic() - began < SECONDS:
                number += 1
                async with db.transaction() as tx:
                    await tx.run(
                        "INSERT INTO notices (workspace_id, about, event, detail, created_at) "
                        "VALUES (1, 'sender:1', 'bench', :n, :now)",
                        {"n": str(number), "now": await tx.now()},
                    )
                committed[number] = time.monotonic()
                await asyncio.sleep(random.uniform(0.1, 0.5))
            spent = time.monotonic() - began
            listening = (held.cpu() - before) / spent
            seen = (events[0] - at_start) / spent
            await asyncio.sleep(1)
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
        print(f"{kind}: {streams} streams beside a campaign at {RATE} per second")
        print(f"  CPU of the server: {alone:.0%} of a core alone, {listening:.0%} with the streams")
        print(f"  {seen:.0f} events per second; {len(told)} of {number * streams} notices told")
        p50, p99 = statistics.median(told), statistics.quantiles(told, n=100)[98]
        print(
            f"  from commit to event: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, "
            f"most {max(told) * 1000:.0f} ms"
        )
    await db.close()


async def _read(
    http: aiohttp.ClientSession,
    address: str,
    key: str,
    committed: dict[int, float],
    told: list[float],
    events: list[int],
) -> None:
    notice = False
    async with http.get(address, headers={"Authorization": f"Bearer {key}"}) as answer:
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            if line.startswith(b"event: "):
                events[0] += 1
                notice = line == b"event: notice\n"
            elif notice and line.startswith(b"data: "):
                number = int(line.partition(b'"detail":"')[2].partition(b'"')[0])
                if number in committed:
                    told.append(time.monotonic() - committed[number])


def main() -> None:
    """As the command line says: how many streams, and on which database."""
    streams, kind = [*sys.argv[1:], *("200", "sqlite")[len(sys.argv) - 1 :]]
    with database(kind) as url:  # not inside of a loop: migrations run one of their own
        asyncio.run(measure(url, int(streams), kind))


if __name__ == "__main__":
    main()
