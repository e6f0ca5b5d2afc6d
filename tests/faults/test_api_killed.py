"""The API killed with SIGKILL while it answers: whoever asks again with the same key gets one effect."""

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import aiohttp

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.campaigns import create_campaign
from clarion.services.secrets import SecretBox, load_or_create_key
from clarion.services.senders import add_sender, pause_sender
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.people import a_list, named
from tests.support.server import Server, closing
from tests.support.stack import free_port

ROUNDS, KEYS = 1, 60


async def test_R07_a_request_cut_off_by_a_kill_is_done_once_when_it_is_repeated(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    db = await Database.open(database_url, pool=2)
    sender = await _sender(db, tmp_path)
    people = await a_list(db, "all", named("Ann", "Bob"))
    secret = (await make_key(db, workspace=1, name="shop", scopes=list(Permission))).secret
    with closing(Server(database_url, tmp_path, "http://127.0.0.1:9", port)) as server:
        await server.start()
        answered = committed = 0
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            for turn in range(ROUNDS):
                campaign = await _campaign(db, sender, people, f"c{turn}")
                wishes = _wishes(sender, campaign, turn)
                # A process's first request takes long: it is not what is to be cut off.
                assert await _ask(http, secret, f"{turn} warm", *_warm(sender, turn)) is not None
                asked = [asyncio.create_task(_ask(http, secret, *wish)) for wish in wishes]
                await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.sleep(random.uniform(0, 0.2))  # whenever it is: that is the point
                await server.end(signal.SIGKILL)
                first = await asyncio.gather(*asked)
                answered += sum(answer is not None for answer in first)
                async with db.reading() as tx:
                    committed += (
                        await tx.scalar("SELECT count(*) FROM idempotency") - len(wishes) * turn - turn - 1
                    )
                await server.start()
                second = await asyncio.gather(*(_ask(http, secret, *wish) for wish in wishes))
                assert None not in second
                for before, after in zip(first, second, strict=True):
                    assert before in (None, after)
        print(f"of {ROUNDS * (KEYS + 1)} requests {committed} were done before a kill, {answered} answered")
        await server.end(signal.SIGKILL)
    async with db.reading() as tx:
        texts = await tx.all(
            "SELECT content, count(*) AS n FROM messages WHERE campaign_id IS NULL GROUP BY content"
        )
        kept = await tx.scalar("SELECT count(*) FROM idempotency")
        launches = await tx.all("SELECT action, target, count(*) AS n FROM audit GROUP BY action, target")
    assert len(texts) == ROUNDS * (KEYS + 1)
    assert {row.n for row in texts} == {1}
    assert kept == ROUNDS * (KEYS + 2)
    assert [row.n for row in launches if row.action == "launch_campaign"] == [1] * ROUNDS
    assert await check_books(db) == []
    await db.close()


def _message(sender: int, turn: int, n: int) -> dict[str, Any]:
    text = {"type": "text", "body": f"Order {turn} {n}"}
    return {"sender_id": f"snd_{sender}", "to": f"+1500555{turn:02}{n:02}", "content": text}


def _warm(sender: int, turn: int) -> tuple[str, Any]:
    return "/api/v1/messages", _message(sender, turn, 99)


def _wishes(sender: int, campaign: int, turn: int) -> list[tuple[str, str, Any]]:
    launch = (f"{turn} launch", f"/api/v1/campaigns/cmp_{campaign}/launch", {"on_missing": "exclude"})
    messages = [(f"{turn} {n}", "/api/v1/messages", _message(sender, turn, n)) for n in range(KEYS)]
    return [*messages[: KEYS // 2], launch, *messages[KEYS // 2 :]]


async def _ask(http: aiohttp.ClientSession, secret: str, key: str, path: str, body: Any) -> Any:
    """The answer, None if the connection ended before it."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    try:
        async with http.post(path, json=body, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
            return await answer.json()
    except aiohttp.ClientError:
        return None


async def _sender(db: Database, folder: Path) -> int:
    """One that is paused: what is queued stays."""
    ident = await add_sender(
        db,
        SecretBox.from_setting(load_or_create_key(folder / "secret.key")),
        workspace=1,
        name="tw",
        provider="twilio",
        account="AC00000000000000000000000000000001",
        config={"from": "+15005550006", "channel": "sms"},
        secrets={"auth_token": "t"},
    )
    await pause_sender(db, ident, "a test")
    return ident


async def _campaign(db: Database, sender: int, people: int, name: str) -> int:
    text = {"type": "text", "body": "Hi {{ name }}"}
    return await create_campaign(db, name=name, sender=sender, lists=[people], content=text)
