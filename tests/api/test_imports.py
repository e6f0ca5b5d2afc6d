"""Imports of uploaded files: begun over HTTP, done by the engine, told row by row."""

import asyncio
import io
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.importing.run import BATCH
from clarion.services.importing.turns import Turns
from clarion.store.db import Database
from tests.support.api import Answer, Api
from tests.support.server import Server, closing
from tests.support.stack import free_port

MIXED = (
    "telefone;nome;cidade\n"
    "+55 41 99123-4567;Ana;Lapa\n"
    "41 99123-4568;Bia;Curitiba\n"
    "+5541991234567;Ana again;Lapa\n"
    "5,54199E+12;Lost;Lapa\n"
    "+5541990000009;Stop;Lapa\n"
    "+5541990000001.0;Dec;Lapa\n"
)


def _problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.data["type"].removeprefix("urn:clarion:problem:")


async def _engine(api: Api, import_id: str) -> None:
    """What a lane does."""
    turns = Turns(api.db, worker="w1", stopping=lambda: False)
    while await turns.work(int(import_id.removeprefix("imp_"))):
        pass


async def test_a_file_is_checked_imported_and_told_row_by_row(api: Api) -> None:
    await api.made("/consents", {"phone": "+5541990000009", "state": "opted_out", "source": "crm"})
    upload = await api.made("/uploads", raw=MIXED.encode(), name="people.csv")
    wish = {"country": "BR", "mapping": {"phone": "telefone", "name": "nome"}}
    checked = await api.made(f"/uploads/{upload['id']}/check", wish)
    assert (checked["rows"], checked["usable"], checked["invalid"]) == (6, 5, 1)
    assert [each["line"] for each in checked["problems"]] == [5]
    answer = await api.post("/imports", {**wish, "upload_id": upload["id"], "list_name": "Clients"})
    assert answer.status == 202
    begun = answer.data
    assert answer.headers["Location"] == f"/api/v1/imports/{begun['id']}"
    assert (begun["status"], begun["percent"], begun["rows"]) == ("running", 0, 0)
    assert api.waker.lanes == ["import:1"]
    again = await api.made("/imports", {**wish, "upload_id": upload["id"], "list_name": "Clients"})
    assert again["id"] == begun["id"]  # the same, while it is unfinished
    other = await api.post("/imports", {"country": "MX", "upload_id": upload["id"], "list_name": "Clients"})
    assert _problem(other) == (409, "import-not-possible")

    await _engine(api, begun["id"])

    done = (await api.get(f"/imports/{begun['id']}")).data
    assert (done["status"], done["percent"], done["rows"]) == ("finished", 100, 6)
    counts = {name: done[name] for name in ("accepted", "corrected", "duplicate", "invalid", "opted_out")}
    assert counts == {"accepted": 2, "corrected": 1, "duplicate": 1, "invalid": 1, "opted_out": 1}
    rows = (await api.get(f"/imports/{begun['id']}/rows")).data["items"]
    assert [(row["line"], row["verdict"]) for row in rows] == [
        (4, "duplicate"),
        (5, "invalid"),
        (6, "opted_out"),
        (7, "corrected"),
    ]
    assert rows[0]["detail"] == "duplicate of line 2"
    page = await api.get(f"/imports/{begun['id']}/rows", limit=3)
    rest = await api.get(f"/imports/{begun['id']}/rows", limit=3, cursor=page.data["next_cursor"])
    assert page.data["items"] + rest.data["items"] == rows
    only = await api.get(f"/imports/{begun['id']}/rows", verdict="invalid")
    assert [row["line"] for row in only.data["items"]] == [5]
    rejects = await api.get(f"/imports/{begun['id']}/rejects")
    assert rejects.data.splitlines()[0] == "\ufeffclarion_line;clarion_problem;telefone;nome;cidade"
    assert rejects.data.splitlines()[1].endswith("5,54199E+12;Lost;Lapa")
    listed = await api.get(f"/lists/{done['list_id']}/members")
    assert [each["attributes"] for each in listed.data["items"]] == [
        {"name": "Dec"},
        {"name": "Bia"},
        {"name": "Ana"},
    ]
    assert (await api.get(f"/lists/{done['list_id']}")).data["members"] == 3
    assert [each["id"] for each in (await api.get("/imports")).data["items"]] == [begun["id"]]
    more = await api.made("/imports", {**wish, "upload_id": upload["id"], "list_id": done["list_id"]})
    await _engine(api, more["id"])
    assert (await api.get(f"/imports/{more['id']}")).data["accepted"] == 2
    assert (await api.get(f"/lists/{done['list_id']}")).data["members"] == 3  # nobody is counted twice


async def test_what_cannot_be_imported_is_refused_before_anything_is_stored(api: Api) -> None:
    upload = await api.made("/uploads", raw=MIXED.encode(), name="people.csv")
    for body, refusal in (
        ({}, (422, "invalid")),
        ({"list_name": "l", "list_id": "lst_1"}, (422, "invalid")),
        ({"list_id": "lst_99"}, (404, "not-found")),
        ({"list_name": "l", "mapping": {"phone": "nope"}}, (422, "bad-mapping")),
        ({"list_name": "l", "mapping": {"name": "nome"}}, (422, "bad-mapping")),
        ({"list_name": "l", "mapping_name": "nope"}, (404, "not-found")),
        ({"list_name": "l", "mapping": {"phone": "telefone"}, "mapping_name": "x"}, (422, "invalid")),
        ({"list_name": "l", "required": ["plan"], "country": "BR"}, (422, "bad-mapping")),
        ({"list_name": "l", "campaign_id": "cmp_9"}, (404, "not-found")),
        ({"list_name": "l", "country": "XX"}, (422, "bad-mapping")),
        ({"list_name": "l", "hints": {"sheet": 4}}, (422, "invalid")),
    ):
        assert _problem(await api.post("/imports", {"upload_id": upload["id"], **body})) == refusal, body
    assert _problem(await api.post("/imports", {"upload_id": "upl_99", "list_name": "l"})) == (
        404,
        "not-found",
    )
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM lists") == 0
    for method, path in (("GET", ""), ("GET", "/rows"), ("GET", "/rejects"), ("POST", "/stop")):
        assert (await api.ask(method, f"/imports/imp_99{path}")).status == 404


async def test_mappings_are_saved_used_listed_and_deleted(api: Api) -> None:
    saved = await api.put("/mappings/CRM export", {"mapping": {"phone": "telefone", "who": "nome"}})
    assert saved.status == 200
    assert (await api.put("/mappings/x", {"mapping": {"who": "nome"}})).status == 422
    upload = await api.made("/uploads", raw=MIXED.encode())
    begun = await api.made(
        "/imports",
        {"upload_id": upload["id"], "list_name": "l", "mapping_name": "CRM export", "country": "BR"},
    )
    await _engine(api, begun["id"])
    found = await api.get("/contacts", phone="+5541991234567")
    assert [each["attributes"] for each in found.data["items"]] == [{"who": "Ana"}]
    assert (await api.get("/mappings")).data["items"] == [saved.data]
    assert (await api.delete("/mappings/CRM export")).status == 204
    assert (await api.delete("/mappings/CRM export")).status == 404


async def test_one_process_does_an_import_and_the_dead_ones_are_freed(api: Api) -> None:
    upload = await api.made("/uploads", raw=MIXED.encode())
    begun = await api.made("/imports", {"upload_id": upload["id"], "list_name": "l", "country": "BR"})
    async with api.db.transaction() as tx:
        await tx.run("UPDATE imports SET worker = 'another'")
    await _engine(api, begun["id"])  # not ours
    assert (await api.get(f"/imports/{begun['id']}")).data["rows"] == 0
    async with api.db.transaction() as tx:
        await tx.run("UPDATE imports SET worker = '', tries = 3")
    await _engine(api, begun["id"])
    failed = (await api.get(f"/imports/{begun['id']}")).data
    assert (failed["status"], failed["error"]) == ("failed", "given up after 3 tries: import the file again")


async def test_a_stopped_import_stays_where_it_is(api: Api) -> None:
    upload = await api.made("/uploads", raw=MIXED.encode())
    begun = await api.made("/imports", {"upload_id": upload["id"], "list_name": "l", "country": "BR"})
    stopped = await api.made(f"/imports/{begun['id']}/stop")
    assert (stopped["status"], stopped["error"]) == ("failed", "stopped by the operator")
    await _engine(api, begun["id"])
    assert (await api.get(f"/imports/{begun['id']}")).data == stopped
    assert (await api.made(f"/imports/{begun['id']}/stop")) == stopped


@pytest.fixture(name="db")
async def db_fixture(database_url: str) -> AsyncIterator[Database]:
    db = await Database.open(database_url)
    yield db
    await db.close()


async def test_R01_a_server_killed_in_the_middle_goes_on_with_the_same_verdicts(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    count = 6 * BATCH[db.name]  # enough batches to be killed between two of them
    body = _people(count).encode()
    port = free_port()
    made = await make_key(db, workspace=1, name="t", scopes=list(Permission))
    server = Server(database_url, tmp_path, "http://127.0.0.1:1", port)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {made.secret}"}) as http:
        base = f"http://127.0.0.1:{port}/api/v1"

        async def ask(method: str, path: str, **more: Any) -> Any:
            async with http.request(method, base + path, **more) as answer:
                assert answer.status < 300, await answer.text()
                return await answer.json()

        async def imported(import_id: str) -> Any:
            async with asyncio.timeout(60):
                while (found := await ask("GET", f"/imports/{import_id}"))["status"] == "running":
                    await asyncio.sleep(0.05)
            return found

        with closing(server):
            await server.start()
            upload = await ask("POST", "/uploads", data=io.BytesIO(body))
            wish = {"upload_id": upload["id"], "country": "BR"}
            whole = await imported((await ask("POST", "/imports", json={**wish, "list_name": "whole"}))["id"])
            second = await ask("POST", "/imports", json={**wish, "list_name": "killed"})
            async with asyncio.timeout(30):
                while (await ask("GET", f"/imports/{second['id']}"))["rows"] == 0:
                    await asyncio.sleep(0.005)
            await server.end(signal.SIGKILL)
            async with db.reading() as tx:
                row = await tx.first("SELECT status, cursor FROM imports WHERE id = 2")
            assert row is not None
            assert row.status == "running"
            assert 0 < row.cursor < count
            await server.start()
            resumed = await imported(second["id"])
            apart = ("id", "list_id", "list_name", "created_at", "finished_at")
            assert {k: v for k, v in resumed.items() if k not in apart} == {
                k: v for k, v in whole.items() if k not in apart
            }
            assert whole["rows"] == count
            lists = (await ask("GET", "/lists"))["items"]
            assert lists[0]["members"] == lists[1]["members"] == whole["accepted"] + whole["corrected"]
    async with db.reading() as tx:
        told = [
            await tx.all(
                "SELECT line, verdict, detail FROM import_rows WHERE import_id = :n ORDER BY line", {"n": n}
            )
            for n in (1, 2)
        ]
        counted = await tx.all("SELECT list_id, count(*) AS n FROM list_members GROUP BY list_id")
    assert [tuple(row) for row in told[0]] == [tuple(row) for row in told[1]]
    assert {row.n for row in counted} == {lists[0]["members"]}


def _people(rows: int) -> str:
    """Good, repeated, corrected and useless rows, all over the file."""
    lines = ["phone,name"]
    for n in range(rows):
        phone = f"+55119{60_000_000 + n}"
        if n % 100 == 7:
            phone = f"+55119{60_000_000 + n // 2}"
        elif n % 100 == 13:
            phone = "none"
        elif n % 100 == 21:
            phone += ".0"
        lines.append(f"{phone},P{n}")
    return "\n".join(lines)
