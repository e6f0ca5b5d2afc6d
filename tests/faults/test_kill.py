"""kill -9 while a campaign runs: the real processes, the provider's own ledger, both databases."""

import asyncio
import json
import signal
from pathlib import Path

from clarion.sim.server import Simulator
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.server import Server, accepted, closing, counts_of, finished, prepare, simulated
from tests.support.stack import free_port

PEOPLE = 600
RATE = 150


async def test_F1_killed_again_and_again_nobody_is_lost_and_nobody_gets_it_twice(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    async with Simulator(simulated(port)) as sim:
        db = await Database.open(database_url, pool=3)
        campaign = await prepare(db, tmp_path, people=PEOPLE, rate=RATE)
        with closing(Server(database_url, tmp_path, sim.url, port)) as server:
            for _ in range(5):
                await server.start()
                await asyncio.sleep(0.7)
                await server.end(signal.SIGKILL)
            await server.start()
            counts = await finished(db, campaign, PEOPLE)
            assert await server.end(signal.SIGTERM) == 0
        taken = accepted(sim)
        assert len(taken) == len(set(taken)), "somebody got it twice"
        arrived = counts.get("delivered", 0) + counts.get("read", 0)
        assert arrived == len(taken)
        assert counts.get("unknown", 0) == PEOPLE - len(taken)
        assert counts.get("failed", 0) == 0
        assert await check_books(db) == []
        await db.close()


async def test_R38_a_graceful_stop_leaves_no_doubt(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with Simulator(simulated(port)) as sim:
        db = await Database.open(database_url, pool=3)
        campaign = await prepare(db, tmp_path, people=PEOPLE, rate=RATE)
        with closing(Server(database_url, tmp_path, sim.url, port)) as server:
            for _ in range(3):
                await server.start()
                await asyncio.sleep(0.7)
                assert await server.end(signal.SIGTERM) == 0
                counts = await counts_of(db, campaign)
                assert not {"unknown", "sending", "leased"} & counts.keys(), json.dumps(counts)
            await server.start()
            counts = await finished(db, campaign, PEOPLE)
        taken = accepted(sim)
        assert len(taken) == len(set(taken)) == PEOPLE
        await db.close()
