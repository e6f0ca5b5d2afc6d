"""Files taken in over HTTP: whole and on disk, or not at all."""

import asyncio
import hashlib
import os
import resource
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.importing.uploads import FOLDER, forget_old
from clarion.store.db import Database
from tests.support.api import Answer, Api, api
from tests.support.server import Server, closing
from tests.support.stack import free_port

MB = 1 << 20
PEOPLE = b"telefone;nome\n+55 41 99123-4567;Ana\n"


def _problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.data["type"].removeprefix("urn:clarion:problem:")


async def _stored(running: Api) -> tuple[int, list[str]]:
    """Uploads known, and files on disk."""
    async with running.db.reading() as tx:
        rows = await tx.scalar("SELECT count(*) FROM uploads")
    folder = running.settings.data_dir / FOLDER
    return int(rows), sorted(path.name for path in folder.glob("*"))


async def test_a_file_is_taken_shown_looked_at_and_deleted(api: Api) -> None:
    answer = await api.post("/uploads", raw=PEOPLE, name="pessoas.csv", headers={"Content-Type": "text/csv"})
    assert answer.status == 201
    made = answer.data
    assert (made["name"], made["size"]) == ("pessoas.csv", len(PEOPLE))
    assert made["sha256"] == hashlib.sha256(PEOPLE).hexdigest()
    assert answer.headers["Location"] == f"/api/v1/uploads/{made['id']}"
    assert (await api.get(f"/uploads/{made['id']}")).data == made
    seen = await api.made(f"/uploads/{made['id']}/inspection", {})
    assert (seen["kind"], seen["delimiter"], seen["header"]) == ("csv", ";", ["telefone", "nome"])
    assert seen["rows"] == [{"line": 2, "cells": ["+55 41 99123-4567", "Ana"], "problem": ""}]
    assert seen["mapping"] == {"phone": "telefone", "name": "nome"}
    other = await api.made(
        f"/uploads/{made['id']}/inspection", {"hints": {"delimiter": ",", "has_header": False}}
    )
    assert (other["mapping"], other["has_header"]) == (None, False)
    assert "no column looks like phone numbers" in other["doubt"]
    for hints in ({"encoding": "nope"}, {"encoding": "idna"}, {"delimiter": '"'}):
        refused = await api.post(f"/uploads/{made['id']}/inspection", {"hints": hints})
        assert _problem(refused) == (422, "bad-file"), refused
        assert "pessoas.csv" in refused.data["detail"]
    assert (await api.delete(f"/uploads/{made['id']}")).status == 204
    assert (await api.get(f"/uploads/{made['id']}")).status == 404
    assert await _stored(api) == (0, [])


@pytest.mark.parametrize("raw", [b"%PDF-1.4 ...", b"PK\x03\x04 broken", b"\0" * 40, b"\n", b"a" * 3_000_000])
async def test_R02_what_is_no_list_of_people_is_refused_with_its_reason(
    sqlite_url: str, tmp_path: Path, raw: bytes
) -> None:
    async with api(sqlite_url, tmp_path) as running:
        made = await running.made("/uploads", raw=raw, name="x")
        for ask in ("inspection", "check"):
            answer = await running.post(f"/uploads/{made['id']}/{ask}", {})
            assert answer.status in (200, 422), answer
        await running.made("/lists", {"name": "l"})
        answer = await running.post("/imports", {"upload_id": made["id"], "list_name": "l"})
        assert answer.status == 422, answer
        assert (await running.get("/imports")).data["items"] == []


async def test_R01_too_large_a_file_is_refused_before_it_is_read(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path, imports={"max_bytes": 2 * MB}) as running:
        read = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal read
            while True:
                read += MB
                yield b"x" * MB

        port = running.settings.http.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {running.key}\r\n"
            f"Content-Length: {3 * MB}\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readline(), 5)  # not one byte of the body was sent
        assert head == b"HTTP/1.1 413 Request Entity Too Large\r\n" or b" 413 " in head
        writer.close()
        try:
            async with running.http.post(
                f"{running.url}/uploads", data=endless(), headers={"Authorization": f"Bearer {running.key}"}
            ) as answer:
                assert answer.status == 413
        except aiohttp.ClientError:
            pass  # it hung up on us while we were sending
        assert read < 60 * MB
        assert await _stored(running) == (0, [])
        whole = await running.post("/uploads", raw=b"x" * 2 * MB)
        assert whole.status == 201


async def test_R01_a_connection_cut_on_the_way_leaves_nothing_and_the_repeat_works(api: Api) -> None:
    body = b"phone,name\n" + b"+5541991234567,Ana\n" * 50_000

    async def cut() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", api.settings.http.port)
        writer.write(
            f"POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        writer.write(body[: len(body) * 6 // 10])
        await writer.drain()
        await _until(lambda: _files(api) == 1)
        writer.transport.abort()

    await cut()
    await _until(lambda: _files(api) == 0)
    assert await _stored(api) == (0, [])
    made = await api.made("/uploads", raw=body)
    assert made["sha256"] == hashlib.sha256(body).hexdigest()


def _files(running: Api) -> int:
    folder = running.settings.data_dir / FOLDER
    return len(list(folder.glob("*")))


async def _until(true: object, *, seconds: float = 10) -> None:
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_full_disk_is_told_and_keeps_nothing(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path) as running:
        held = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16 * MB, held[1]))
        try:
            answer = await running.post("/uploads", raw=b"x" * 20 * MB)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, held)
            signal.signal(signal.SIGXFSZ, handler)
        assert _problem(answer) == (507, "disk-full")
        assert await _stored(running) == (0, [])


async def test_files_are_removed_after_a_week_unless_they_are_being_imported(api: Api) -> None:
    old, using, new = [(await api.made("/uploads", raw=PEOPLE))["id"] for _ in range(3)]
    imported = await api.made("/imports", {"upload_id": using, "list_name": "l"})
    folder = api.settings.data_dir / FOLDER
    for name, age in (("stray", 7_200), ("growing", 60)):
        (folder / name).write_bytes(b"x")
        at = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (at, at))
    async with api.db.transaction() as tx:
        await tx.run("UPDATE uploads SET created_at = created_at - 604800000001 WHERE id < 3")
    refused = await api.delete(f"/uploads/{using}")
    assert _problem(refused) == (409, "import-not-possible")
    await forget_old(api.db, api.settings.data_dir)
    assert [(await api.get(f"/uploads/{each}")).status for each in (old, using, new)] == [404, 200, 200]
    left = [path.name for path in folder.iterdir()]
    assert len(left) == 3
    assert "growing" in left
    await api.made(f"/imports/{imported['id']}/stop")
    await forget_old(api.db, api.settings.data_dir)
    assert (await api.get(f"/uploads/{using}")).status == 404


async def test_R01_memory_stays_level_over_a_long_slow_upload(sqlite_url: str, tmp_path: Path) -> None:
    async def body(pieces: int) -> AsyncIterator[bytes]:
        piece = b"+5541991234567,Ana\n" * (MB // 19)
        for n in range(pieces):
            if n % 50 == 0:
                await asyncio.sleep(0.05)
            yield piece

    port = free_port()
    with closing(Server(sqlite_url, tmp_path, "http://127.0.0.1:1", port)) as server:
        await server.start()
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        db = await Database.open(sqlite_url)
        key = await make_key(db, workspace=1, name="t", scopes=[Permission.CONTACTS_WRITE])
        await db.close()
        headers, url = {"Authorization": f"Bearer {key.secret}"}, f"http://127.0.0.1:{port}/api/v1/uploads"
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.post(url, data=body(5)) as answer:
                assert answer.status == 201
            before, highest = process.memory_info().rss, 0
            sending = asyncio.create_task(http.post(url, data=body(150)))
            while not sending.done():
                highest = max(highest, process.memory_info().rss)
                await asyncio.sleep(0.02)
            async with await sending as answer:
                assert (answer.status, (await answer.json())["size"]) == (201, 150 * (MB // 19) * 19)
        assert highest - before < 24 * MB
        assert highest < 200 * MB
