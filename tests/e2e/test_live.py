"""A campaign seen from the outside: it goes on, it finishes; and the stream ends when the server does."""

import signal
from pathlib import Path

import aiohttp
import orjson

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.sim.config import SimConfig, check, merged
from clarion.sim.server import Simulator
from clarion.store.db import Database
from tests.support.live import listen
from tests.support.server import Server, closing
from tests.support.stack import FAST, free_port, stack


async def test_a_campaign_is_seen_to_go_on_and_to_finish(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as clarion, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{clarion.settings.http.port}/api/v1"
        key = (await make_key(clarion.db, workspace=1, name="t", scopes=Permission)).secret
        sender = await clarion.whatsapp(rate=80)
        people = await clarion.people(160)
        async with listen(http, url, key, topics="campaigns") as stream:
            campaign = await clarion.campaign(sender, people)
            found = await stream.until(lambda event: event.data["share"] not in (None, 0))
            since = found[-1].id
            assert found[-1].data["expected"] == 160
            assert found[-1].data["seconds_left"] <= 2
        # The connection broke: whoever comes back is right again with the first snapshot.
        async with listen(http, url, key, topics="campaigns", since=since) as stream:
            found += await stream.until(
                lambda event: event.data["status"] == "finished" and not event.data["counters"]["accepted"],
                seconds=20,
            )
    assert {event.data["id"] for event in found} == {f"cmp_{campaign}"}
    shares = [event.data["share"] or 0 for event in found]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert 30 < max(event.data["rate_now"] for event in found) < 100
    for event in found:
        statuses = {name: n for name, n in event.data["counters"].items() if name not in _MORE}
        assert sum(statuses.values()) == event.data["counters"]["audience"]


_MORE = ("audience", "missing", "merged")


async def test_a_server_that_stops_says_goodbye_at_once(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    async with Simulator(merged(check(SimConfig, FAST), {})) as simulator, aiohttp.ClientSession() as http:
        with closing(Server(sqlite_url, tmp_path, simulator.url, port)) as server:
            await server.start()
            db = await Database.open(sqlite_url)
            key = (await make_key(db, workspace=1, name="t", scopes=Permission)).secret
            await db.close()
            async with listen(http, f"http://127.0.0.1:{port}/api/v1", key) as stream:
                await stream.until(lambda event: event.name == "engine")
                assert await server.end(signal.SIGTERM) == 0
                (*_, last) = await stream.until(lambda event: event.name == "end")
                assert last.data["reason"] == "stopping"
    lines = (tmp_path / "serve.log").read_text().splitlines()
    log = [orjson.loads(line) for line in lines if line.startswith("{")]  # others are for people
    assert log[-1]["event"] == "engine.stopped"
    assert {line["level"] for line in log} == {"info"}
