"""The endpoint of docs/howto/react-to-replies.md, taken from that page, run, and told things."""

import asyncio
import base64
import hmac
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import orjson

from clarion.domain.addresses import Allowed
from clarion.domain.news import Event
from clarion.net.client import GuardedClient
from clarion.services.telling.deliver import Telling
from clarion.store import news
from clarion.store.news import News
from tests.support.api import Api, api
from tests.support.stack import free_port

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "react-to-replies.md"
YES, NO = "+5541991234567", "+5541991234568"


async def heard(running: Api) -> tuple[int, int]:
    """A person wrote "Yes", another "no"; the ids of their replies."""
    ids = []
    async with running.db.transaction() as tx:
        now = await tx.now()
        await tx.run(
            "INSERT INTO senders (id, workspace_id, name, provider, account, config, secrets) "
            "VALUES (1, 1, 'wa', 'whatsapp', '1', '{}', '')"
        )
        await tx.run("INSERT INTO timelines (sender_id, rate, pace) VALUES (1, 80, 80)")
        for address, text in ((YES, "Yes "), (NO, "no")):
            person = address[1:]
            values = {"address": address, "person": person, "text": text, "now": now}
            await tx.run(
                "INSERT INTO contacts (workspace_id, address, person) VALUES (1, :address, :person)",
                {"address": address, "person": person},
            )
            ids.append(
                await tx.scalar(
                    "INSERT INTO replies (workspace_id, sender_id, person, provider_id, kind, text, at, received_at) "
                    "VALUES (1, 1, :person, :person, 'text', :text, :now, :now) RETURNING id",
                    {name: values[name] for name in ("person", "text", "now")},
                )
            )
            await tx.run(
                "INSERT INTO conversations (workspace_id, sender_id, person, address, replied_at, moved_at) "
                "VALUES (1, 1, :person, :address, :now, :now)",
                {name: values[name] for name in ("person", "address", "now")},
            )
    return ids[0], ids[1]


async def test_the_pages_endpoint_verifies_and_thanks_whoever_says_yes(
    sqlite_url: str, tmp_path: Path
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "endpoint.py").write_text(program, "utf-8")
    port = free_port()
    async with api(sqlite_url, tmp_path, calls={"allow": ["127.0.0.1"], "ports": [port]}) as running:
        yes, no = await heard(running)
        url = f"http://127.0.0.1:{port}/"
        made = await running.made("/webhooks", {"url": url, "events": ["reply.received"]})
        given = {
            "WEBHOOK_SECRET": made["secret"],
            "API_URL": running.url,
            "API_KEY": running.key,
            "PORT": str(port),
        }
        endpoint = subprocess.Popen(
            [sys.executable, tmp_path / "endpoint.py"], env={**os.environ, **given}, stderr=subprocess.DEVNULL
        )
        client = GuardedClient(Allowed.parse(["127.0.0.1"]), ports=[port])
        telling = Telling(running.db, client, running.box, running.waker, worker="w")
        try:
            assert await _answers(url) == 401  # nobody we know
            stale = str(int(time.time()) - 400)
            assert await _answers(url, made["secret"], stale) == 401  # an old copy
            assert await _answers(url, "whsec_" + "MDEy" * 8, str(int(time.time()))) == 401
            running.db.memory.clear()
            async with running.db.transaction() as tx:
                await news.tell(tx, [News(1, Event.REPLY_RECEIVED, each) for each in (yes, no)])
            for _ in range(2):  # the second time as after a crash between the answer and our writing it down
                await telling.work()
                while telling._open:
                    await asyncio.sleep(0.01)
                async with running.db.transaction() as tx:
                    assert await tx.scalar("SELECT count(*) FROM deliveries WHERE state = 'delivered'") == 2
                    await tx.run("UPDATE deliveries SET state = 'queued', due_at = 1")
            async with running.db.reading() as tx:
                rows = await tx.all("SELECT address, content FROM messages")
            assert [row.address for row in rows] == [YES]
            assert orjson.loads(rows[0].content)["body"].startswith("Thank you!")
        finally:
            await telling.stop(grace=0.1)
            endpoint.kill()
            endpoint.wait()


async def _answers(url: str, secret: str = "", at: str = "") -> int:
    """What it says to somebody else's request, signed by `secret` if there is one."""
    headers = {}
    if secret:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, f"evt_x.{at}.{{}}".encode(), "sha256")).decode()
        headers = {"webhook-id": "evt_x", "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
    async with aiohttp.ClientSession() as http:
        for _ in range(500):
            try:
                async with http.post(url, data=b"{}", headers=headers) as answer:
                    return answer.status
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)
    raise AssertionError("the endpoint did not start")
