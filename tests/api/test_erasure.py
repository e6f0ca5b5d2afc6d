"""A person's data: shown whole, and erased from everywhere it stands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.store.db import Database
from clarion.store.tables import metadata
from tests.support.api import Answer, Api
from tests.support.stack import Stack, stack

Ask = Callable[..., Awaitable[Answer]]

NUMBER = "5541980000003"  # of the fourth person
KEPT = {"suppressions"}
"""Where the number itself may stay: an opt-out could not be obeyed otherwise."""


@asynccontextmanager
async def asking(running: Stack) -> AsyncIterator[Ask]:
    """The running product's API, with a key that may do everything."""
    made = await make_key(running.db, workspace=1, name="t", scopes=tuple(Permission))
    base = f"http://127.0.0.1:{running.settings.http.port}/api/v1"

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {made.secret}"}) as http:

        async def ask(method: str, path: str, body: Any = None) -> Answer:
            async with http.request(method, base + path, json=body) as answer:
                data = await (answer.json(content_type=None) if answer.status != 204 else answer.read())
                return Answer(answer.status, answer.headers, data)

        yield ask


async def people_of(ask: Ask, count: int) -> str:
    """A list of `count` contacts; its name."""
    made = await ask("POST", "/lists", {"name": "people"})
    rows = [{"phone": f"+5541980{n:06}", "attributes": {"name": f"Zuleika {n}"}} for n in range(count)]
    done = await ask("POST", "/contacts/bulk", {"contacts": rows, "list_id": made.data["id"]})
    assert done.data["accepted"] == count
    return "people"


async def _standing(db: Database, *words: str) -> set[str]:
    """The tables in which one of the words stands anywhere."""
    found = set()
    async with db.reading() as tx:
        for name, table in metadata.tables.items():
            rows = await tx.all(table.select())
            if any(word in str(value) for row in rows for value in row for word in words):
                found.add(name)
    return found


async def test_one_persons_data_is_shown_whole_then_erased_from_every_table(
    database_url: str, tmp_path: Path
) -> None:
    quiet = {"people": {"read_share": 0}}  # no receipt comes after the erasure
    async with stack(database_url, tmp_path, sim=quiet) as running, asking(running) as ask:
        sender = await running.whatsapp()
        campaign = await running.campaign(sender, await people_of(ask, 5))
        before = await running.settled(campaign)
        said = {
            "provider": "whatsapp",
            "from": f"+{NUMBER}",
            "to": "100000000000001",
            "text": "My secret is Xyzzy",
        }
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{running.sim.url}/_sim/inbound", json=said) as taken,
        ):
            assert taken.status < 300
        contact = (await ask("GET", f"/contacts?phone=%2B{NUMBER}")).data["items"][0]
        path = f"/contacts/{contact['id']}"
        await _until(lambda: _replied(ask, path))
        shown = (await ask("GET", f"{path}/export")).data
        assert shown["contact"] == contact
        assert shown["lists"] == ["people"]
        assert shown["messages"][0]["variables"]["name"] == "Zuleika 3"
        assert shown["messages"][0]["content"]["body"] == "Hello {{ name }}"
        assert shown["replies"][0]["text"] == "My secret is Xyzzy"
        assert shown["consent"]["state"] == "opted_in"
        words = (NUMBER, "Zuleika 3", "Xyzzy")
        assert {"contacts", "messages", "replies", "inbox"} <= await _standing(running.db, *words)

        assert (await ask("DELETE", path)).status == 204

        assert await _standing(running.db, *words) == set()
        assert (await ask("GET", path)).status == 404
        assert (await ask("DELETE", path)).status == 404
        assert await running.counts(campaign) == before  # what is counted stays
        assert await running.books() == []
        new = await ask("POST", "/contacts", {"phone": f"+{NUMBER}"})
        assert new.data["id"] != contact["id"]  # nobody gets the number of somebody who was forgotten
        empty = (await ask("GET", f"/contacts/{new.data['id']}/export")).data
        assert (empty["messages"], empty["replies"], empty["lists"]) == ([], [], [])


async def _replied(ask: Ask, path: str) -> bool:
    return bool((await ask("GET", f"{path}/export")).data["replies"])


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await true():
            await asyncio.sleep(0.02)


async def test_an_opt_out_outlives_the_contact_and_is_obeyed_when_they_come_back(api: Api) -> None:
    made = await api.made("/contacts", {"phone": "+5541991234567"})
    await api.put(f"/contacts/{made['id']}/consent", {"state": "opted_out"})
    assert (await api.delete(f"/contacts/{made['id']}")).status == 204
    assert await _standing(api.db, "91234567") == KEPT
    done = await api.made("/contacts/bulk", {"contacts": [{"phone": "+5541991234567"}]})
    assert done["rows"][0]["verdict"] == "opted_out"


async def test_what_an_import_told_of_a_person_goes_with_them_and_nobody_else(api: Api) -> None:
    async with api.db.transaction() as tx:
        await tx.run("INSERT INTO lists (workspace_id, name) VALUES (1, 'l')")
        await tx.run("INSERT INTO imports (workspace_id, list_id, file, name) VALUES (1, 1, 'f', 'f')")
        for line, number in ((2, "5541991234567"), (3, "5541991234568")):
            await tx.run(
                "INSERT INTO import_rows (import_id, line, verdict, detail) VALUES (1, :line, 'corrected', :detail)",
                {"line": line, "detail": f"41{number[4:]} read as +{number}"},
            )
    made = await api.made("/contacts", {"phone": "+5541991234567"})
    await api.delete(f"/contacts/{made['id']}")
    rows = (await api.get("/imports/imp_1/rows")).data["items"]
    assert [row["detail"] for row in rows] == ["erased", "41991234568 read as +5541991234568"]


async def test_erasing_waits_for_a_request_on_the_wire_and_starts_nothing_new(api: Api) -> None:
    made = await api.made("/contacts", {"phone": "+5541991234567"})
    async with api.db.transaction() as tx:
        for n, state in ((1, "sending"), (2, "queued")):
            await tx.run(
                "INSERT INTO messages (id, workspace_id, contact_id, sender_id, address, person, status) "
                "VALUES (:n, 1, 1, 1, '+5541991234567', '5541991234567', 'queued')",
                {"n": n},
            )
            await tx.run(
                "INSERT INTO outbox (message_id, workspace_id, sender_id, contact_id, person, priority, state) "
                "VALUES (:n, 1, 1, 1, '5541991234567', 0, :state)",
                {"n": n, "state": state},
            )
    refused = await api.delete(f"/contacts/{made['id']}")
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:contact-busy")
    async with api.db.transaction() as tx:
        left = await tx.all("SELECT message_id, state FROM outbox")
        assert [tuple(row) for row in left] == [(1, "sending")]
        await tx.run("UPDATE outbox SET state = 'unknown' WHERE message_id = 1")
    assert (await api.delete(f"/contacts/{made['id']}")).status == 204
    assert await _standing(api.db, "91234567") == set()
    async with api.db.reading() as tx:  # it may have arrived: nobody can know, and nobody asks any more
        row = await tx.first("SELECT state, unresolved FROM outbox")
    assert row is not None
    assert (row.state, bool(row.unresolved)) == ("unknown", True)
