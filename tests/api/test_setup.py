"""The first user: by a link that works once, or from the settings."""

import asyncio

import pytest

from clarion.domain.errors import BadField
from clarion.services.access.setup import make_first_user, open_link
from tests.support.api import Api, cheap_hasher
from tests.support.browser import PASSWORD, PROBLEM, Browser

BODY = {"email": "ana@example.org", "name": "Ana", "password": PASSWORD}


async def _token(api: Api) -> str:
    return (await open_link(api.db)).partition("token=")[2]


async def test_the_link_makes_the_owner_once(api: Api) -> None:
    assert (await api.get("/setup", key="")).data == {"open": True}
    token, unused = await _token(api), await _token(api)
    wrong = await Browser(api).post("/setup", {**BODY, "token": "made-up"})
    assert (wrong.status, wrong.data["type"]) == (422, PROBLEM + "bad-link")
    weak = await Browser(api).post("/setup", {**BODY, "token": token, "password": "passwordpassword"})
    assert weak.data["errors"][0]["pointer"] == "#/password"
    browser = Browser(api)
    made = await browser.post("/setup", {**BODY, "token": token})
    assert (made.status, made.data["role"], made.data["workspace"]["name"]) == (201, "owner", "default")
    assert (await browser.get("/session")).data["user"]["name"] == "Ana"
    for each in (token, unused):
        again = await Browser(api).post("/setup", {**BODY, "email": "eve@example.org", "token": each})
        assert (again.status, again.data["type"]) == (409, PROBLEM + "set-up-already")
    assert (await api.get("/setup", key="")).data == {"open": False}
    assert [each["action"] for each in (await browser.get("/audit")).data["items"]] == ["set_up"]


async def test_of_many_who_set_up_at_once_one_becomes_the_owner(api: Api) -> None:
    tokens = [await _token(api) for _ in range(6)]
    answers = await asyncio.gather(
        *(
            Browser(api).post("/setup", {**BODY, "email": f"u{n}@example.org", "token": token})
            for n, token in enumerate(tokens)
        )
    )
    assert sorted(each.status for each in answers) == [201] + [409] * 5
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM users") == 1


async def test_an_old_link_does_not_work(api: Api) -> None:
    token = await _token(api)
    async with api.db.transaction() as tx:
        await tx.run("UPDATE links SET expires_at = 1")
    assert (await Browser(api).post("/setup", {**BODY, "token": token})).data["type"] == PROBLEM + "bad-link"


async def test_the_settings_make_the_owner_of_an_empty_installation_only(api: Api) -> None:
    with pytest.raises(BadField, match="first that anybody tries"):
        await make_first_user(api.db, cheap_hasher(), email="ana@example.org", password="adminadminadmin")
    first = await make_first_user(api.db, cheap_hasher(), email="Ana@example.org", password=PASSWORD)
    second = await make_first_user(api.db, cheap_hasher(), email="eve@example.org", password=PASSWORD)
    assert (first, second) == (True, False)
    signed_in = await Browser(api).sign_in("ana@example.org")
    assert (signed_in.status, signed_in.data["role"]) == (201, "owner")
