"""A journey made, published and started over the API; somebody answers, and is answered from the inbox."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from tests.support.stack import Stack, stack

ANA = "+447700900000"
PARAMETERS = [
    {"name": str(n), "value": value} for n, value in enumerate(("{{ name }}", "4711", "today"), start=1)
]
JOURNEY = {
    "name": "Did it arrive",
    "sender": "wa",
    "nodes": [
        {"id": "start", "kind": "audience", "lists": ["people"]},
        {
            "id": "ask",
            "kind": "message",
            "content": {"type": "template", "name": "order_update", "language": "en_US", "body": PARAMETERS},
        },
        {"id": "answer", "kind": "wait", "timeout": "1d"},
        {"id": "thanks", "kind": "message", "content": {"type": "text", "body": "Good to hear, {{ name }}"}},
        {"id": "won", "kind": "end", "outcome": "won"},
        {"id": "silent", "kind": "end", "outcome": "silent"},
    ],
    "edges": [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "answer"},
        {"from": "answer", "to": "thanks", "on": "keywords", "words": ["yes"]},
        {"from": "answer", "to": "silent", "on": "timeout"},
        {"from": "thanks", "to": "won"},
    ],
}


class Caller:
    """A program that uses the API."""

    def __init__(self, clarion: Stack, http: aiohttp.ClientSession, key: str) -> None:
        self._base = f"http://127.0.0.1:{clarion.settings.http.port}/api/v1"
        self._http, self._headers = http, {"Authorization": f"Bearer {key}"}

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(method, self._base + path, json=body, headers=self._headers) as answer:
            assert answer.status < 300, (path, await answer.text())
            return await answer.json()

    async def until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(20):
            while not (found := await look()):
                await asyncio.sleep(0.02)
        return found


async def test_a_journey_from_its_making_to_an_answer_from_the_inbox(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path) as clarion, aiohttp.ClientSession() as http:
        sender = await clarion.whatsapp()
        await clarion.people(1)
        made = await make_key(clarion.db, workspace=1, name="e2e", scopes=[*Permission])
        api = Caller(clarion, http, made.secret)
        await api.ask("POST", f"/senders/snd_{sender}/templates/sync")

        async def says(text: str) -> None:
            order = {"provider": "whatsapp", "from": ANA, "to": "100000000000001", "text": text}
            async with http.post(f"{clarion.sim.url}/_sim/inbound", json=order) as answer:
                assert answer.status < 300, await answer.text()

        journey = await api.ask("POST", "/journeys", {"graph": JOURNEY})
        assert [each for each in journey["problems"] if each["level"] == "error"] == []
        await api.ask("POST", f"/journeys/{journey['id']}/versions", {"note": "first"})
        run = await api.ask("POST", f"/journeys/{journey['id']}/runs", {})

        async def at(node: str) -> Any:
            page = await api.ask("GET", f"/runs/{run['id']}/positions?node={node}")
            return page["items"]

        await api.until(lambda: at("answer"))
        await says("Yes, thank you")

        async def ended() -> Any:
            return (await api.ask("GET", f"/runs/{run['id']}/positions?outcome=won"))["items"]

        (position,) = await api.until(ended)
        way = await api.ask("GET", f"/positions/{position['id']}")
        moves = [each for each in way["steps"] if each["edge"] or each["outcome"]]  # the others came late
        assert [(each["node"], each["edge"] or each["outcome"]) for each in moves] == [
            ("start", "next"),
            ("ask", "next"),
            ("answer", "keywords yes"),
            ("thanks", "next"),
            ("won", "won"),
        ]
        assert moves[2]["tried"][0]["taken"] is True
        assert [each["text"] for each in way["replies"]] == ["Yes, thank you"]
        assert way["messages"][1]["text"] == "Good to hear, Person 0"

        await says("One more question")

        async def waiting() -> Any:
            return (await api.ask("GET", "/conversations?unread=true"))["items"]

        (conversation,) = await api.until(waiting)
        assert (conversation["last_text"], conversation["name"]) == ("One more question", "Person 0")
        taken = len(clarion.accepted())
        answer = {"content": {"type": "text", "body": "Ask away"}}
        await api.ask("POST", f"/conversations/{conversation['id']}/replies", answer)

        async def arrived() -> bool:
            return len(clarion.accepted()) > taken

        await api.until(arrived)
        assert clarion.accepted()[-1] == ANA
        said = await api.ask("GET", f"/conversations/{conversation['id']}/entries")
        assert [each["text"] for each in said["items"][:2]] == ["Ask away", "One more question"]
        assert await waiting() == []
        assert await clarion.books() == []
