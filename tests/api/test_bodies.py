"""Bodies by careless and hostile callers: refused with the reason, at once, and nothing is stored."""

import time
from pathlib import Path

import pytest

from tests.support.api import Api, api

JSON = {"Content-Type": "application/json"}

HOSTILE = [
    pytest.param(b"[" * 100_000, 400, "bad-json", id="100,000 nested lists"),
    pytest.param(b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, "bad-json", id="5,000 nested objects"),
    pytest.param(b'{"name": ' + b"9" * 5_000 + b"}", 400, "bad-json", id="an integer of 5,000 digits"),
    pytest.param(b'{"name": NaN}', 400, "bad-json", id="NaN"),
    pytest.param(b'{"name": -Infinity}', 400, "bad-json", id="infinity"),
    pytest.param(b'{"name": 1e999}', 400, "bad-json", id="1e999"),
    pytest.param(b'{"name": "a", "name": "b", "scopes": ["keys:read"]}', 400, "bad-json", id="a name twice"),
    pytest.param(b'{"name": "\\ud800", "scopes": ["keys:read"]}', 400, "bad-json", id="half a character"),
    pytest.param(b'{"name": "\xff", "scopes": ["keys:read"]}', 400, "bad-json", id="no UTF-8"),
    pytest.param(b'{"name": "a\\u0000b", "scopes": ["keys:read"]}', 400, "bad-json", id="NUL"),
    pytest.param(b'{"a\\u0000": 1}', 400, "bad-json", id="NUL in a name"),
    pytest.param(b'{"name": "a"', 400, "bad-json", id="cut short"),
    pytest.param(b"", 422, "invalid", id="nothing"),
    pytest.param(b"null", 422, "invalid", id="null"),
    pytest.param(b"[]", 422, "invalid", id="a list"),
    pytest.param(b'{"name": "' + b"x" * 20_000_000 + b'"}', 413, "body-too-large", id="20 MB"),
]


@pytest.mark.parametrize(("body", "status", "slug"), HOSTILE)
async def test_R06_a_hostile_body_is_refused_at_once(
    sqlite_url: str, tmp_path: Path, body: bytes, status: int, slug: str
) -> None:
    async with api(sqlite_url, tmp_path) as running:
        began = time.perf_counter()
        answer = await running.post("/keys", raw=body, headers=JSON)
        took = time.perf_counter() - began
        assert (answer.status, answer.data["type"]) == (status, f"urn:clarion:problem:{slug}")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.data["detail"].endswith(".")
        assert took < 1  # a tenth of that on a quiet machine
        await _nothing_is_stored(running)


async def test_R06_a_wrong_content_type_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path) as running:
        body = b'{"name": "a", "scopes": ["keys:read"]}'
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"):
            answer = await running.post("/keys", raw=body, headers={"Content-Type": kind})
            assert (answer.status, answer.data["type"]) == (415, "urn:clarion:problem:unsupported-media-type")
        await _nothing_is_stored(running)


async def test_R06_a_body_that_says_nothing_of_its_length_is_cut(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path, api={"rate": 0, "max_body": 10_000}) as running:

        async def endless() -> object:
            for _ in range(100):
                yield b" " * 1_000

        async with running.http.post(
            f"{running.url}/keys",
            data=endless(),
            headers={**JSON, "Authorization": f"Bearer {running.key}"},
        ) as answer:
            assert answer.status == 413


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"colour": "red"}, "#/colour", id="unknown field"),
        pytest.param({"workspace_id": "wsp_2"}, "#/workspace_id", id="a read-only field"),
        pytest.param({"revoked_at": "2026-01-01T00:00:00Z"}, "#/revoked_at", id="a shown field"),
        pytest.param({"name": 1}, "#/name", id="a number for a text"),
        pytest.param({"name": None}, "#/name", id="null for a text"),
        pytest.param({"scopes": "keys:read"}, "#/scopes", id="a text for a list"),
        pytest.param({"scopes": ["all"]}, "#/scopes/0", id="an unknown choice"),
        pytest.param({"expires_at": 1_900_000_000}, "#/expires_at", id="a number for a time"),
        pytest.param({"expires_at": "tomorrow"}, "#/expires_at", id="no time"),
        pytest.param({"expires_at": "2030-01-01T00:00:00"}, "#/expires_at", id="a time without its offset"),
    ],
)
async def test_R08_unknown_read_only_and_mistyped_fields_are_refused_by_name(
    sqlite_url: str, tmp_path: Path, change: dict[str, object], pointer: str
) -> None:
    async with api(sqlite_url, tmp_path) as running:
        answer = await running.post("/keys", {"name": "a", "scopes": ["keys:read"], **change})
        assert answer.status == 422
        assert pointer in [each["pointer"] for each in answer.data["errors"]]
        await _nothing_is_stored(running)


async def test_an_address_that_is_not_there_is_a_problem_too(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path) as running:
        lost = await running.get("/kees")
        assert (lost.status, lost.data["type"]) == (404, "urn:clarion:problem:no-such-address")
        wrong = await running.delete("/keys")
        assert (wrong.status, wrong.data["type"]) == (405, "urn:clarion:problem:method-not-allowed")
        assert wrong.headers["Allow"]
        nobody = await running.get("/keys", key="")
        assert (nobody.status, nobody.headers["WWW-Authenticate"]) == (401, 'Bearer realm="clarion"')
        for path in (
            "/keys/key_0",
            "/keys/key_99",
            "/keys/cmp_1",
            "/keys/1",
            "/keys/key_99999999999999999999",
        ):
            assert (await running.get(path)).status == 404


async def test_who_asks_too_often_is_told_when_to_come_back(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path, api={"rate": 1, "burst": 3}) as running:
        answers = [await running.get("/keys") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[3].data["type"] == "urn:clarion:problem:too-many-requests"
        assert int(answers[3].headers["Retry-After"]) >= 1
        other = await running.key_with("keys:read")
        assert (await running.get("/keys", key=other)).status == 200


async def test_R06_NUL_in_an_address_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path) as running:
        for path in ("/contacts?phone=%00", "/journeys?name=a%00b", "/lists?x%00=1"):
            answer = await running.get(f"{running.url}{path}")
            assert (answer.status, answer.data["type"]) == (422, "urn:clarion:problem:invalid"), path
            assert "NUL" in answer.data["detail"]


async def _nothing_is_stored(running: Api) -> None:
    listed = await running.get("/keys")
    assert [each["name"] for each in listed.data["items"]] == ["test"]
    async with running.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM audit") == 0
