"""Signing in and out: what the cookie is, when it ends, and who may not use it."""

from pathlib import Path

from clarion.domain.access import Role
from clarion.services.access.passwords import Hasher
from clarion.services.workspaces import add_workspace
from tests.support.api import Api
from tests.support.api import api as another_api
from tests.support.browser import PASSWORD, PROBLEM, Browser, a_user, change_access, signed_in
from tests.support.stack import free_port


async def test_signing_in_gives_a_cookie_that_scripts_cannot_read(api: Api) -> None:
    await a_user(api, "ana@example.org", Role.EDITOR)
    browser = Browser(api)
    answer = await browser.sign_in(" Ana@Example.org ")
    assert answer.status == 201
    cookies = answer.headers.getall("Set-Cookie")  # type: ignore[attr-defined]
    assert [each.split("=")[0] for each in cookies] == ["__Host-clarion", "__Host-clarion-device"]
    for each in cookies:
        assert {part.strip().lower() for part in each.split(";")} >= {
            "httponly",
            "secure",
            "samesite=lax",
            "path=/",
        }
        assert "domain" not in each.lower()
    me = (await browser.get("/session")).data
    assert me == answer.data
    assert me["user"] == {
        "id": "usr_1",
        "email": "ana@example.org",
        "name": "T",
        "second_factor": False,
        "has_password": True,
    }
    assert (me["role"], me["workspace"], me["key"]) == ("editor", {"id": "wsp_1", "name": "default"}, None)
    assert "campaigns:write" in me["permissions"]
    assert "campaigns:send" not in me["permissions"]
    assert me["workspaces"] == [{"id": "wsp_1", "name": "default", "role": "editor"}]
    assert (await browser.get("/keys")).status == 403


async def test_a_key_is_told_whom_it_speaks_for_and_wins_over_a_cookie(api: Api) -> None:
    me = (await api.get("/session")).data
    assert (me["user"], me["key"], me["csrf_token"]) == (None, {"id": "key_1", "name": "test"}, None)
    assert me["workspaces"] == [{"id": "wsp_1", "name": "default", "role": None}]
    for method, path, body in [
        ("DELETE", "/session", None),
        ("PATCH", "/session", {"workspace": "wsp_1"}),
        ("GET", "/sessions", None),
        ("POST", "/password", {"current": PASSWORD, "new": PASSWORD}),
    ]:
        refused = await api.ask(method, path, body)
        assert (refused.status, refused.data["type"]) == (403, PROBLEM + "needs-user"), path
    browser = await signed_in(api, "ana@example.org")
    both = await browser.ask("GET", "/session", Authorization=f"Bearer {api.key}")
    assert both.data["key"]["id"] == "key_1"
    wrong = await browser.ask("GET", "/session", Authorization="Bearer clr_live_wrong")
    assert wrong.status == 401


async def test_an_unknown_address_a_wrong_password_and_nobody_are_answered_the_same(api: Api) -> None:
    await a_user(api, "ana@example.org")
    asked: list[str] = []

    class Counting(Hasher):
        async def matches(self, stored: str, password: str) -> bool:
            asked.append(stored)
            return await super().matches(stored, password)

    change_access(api, hasher=Counting(passes=1, memory=64, lanes=1))
    answers = [
        await Browser(api).sign_in(email, password)
        for email, password in [("ana@example.org", "wrong" * 4), ("nobody@example.org", "wrong" * 4)]
    ]
    assert [each.status for each in answers] == [401, 401]
    assert answers[0].data == answers[1].data
    assert answers[0].data["type"] == PROBLEM + "sign-in-refused"
    assert [bool(each) for each in asked] == [True, False]  # a hash is compared for both


async def test_a_password_is_hashed_anew_when_the_parameters_move(api: Api) -> None:
    await a_user(api, "ana@example.org")
    change_access(api, hasher=Hasher(passes=2, memory=128, lanes=1))
    assert (await Browser(api).sign_in("ana@example.org")).status == 201
    async with api.db.reading() as tx:
        assert "m=128,t=2,p=1" in await tx.scalar("SELECT password FROM users")
    assert (await Browser(api).sign_in("ana@example.org")).status == 201


async def test_R28_a_cookie_is_refused_after_sign_out_password_change_and_role_removal(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    browser = await signed_in(api, "ana@example.org", Role.ADMIN)
    stolen = dict(browser.cookies)
    assert (await browser.ask("DELETE", "/session")).status == 204
    assert browser.cookies["__Host-clarion"] == ""
    thief = Browser(api)
    thief.cookies = stolen
    gone = await thief.get("/session")
    assert (gone.status, gone.data["type"]) == (401, PROBLEM + "not-signed-in")

    here, elsewhere = Browser(api), Browser(api)
    await here.sign_in("ana@example.org")
    await elsewhere.sign_in("ana@example.org")
    new = "another four random words"
    wrong = await here.post("/password", {"current": "wrong", "new": new})
    assert (wrong.status, wrong.data["type"]) == (422, PROBLEM + "wrong-password")
    assert (await here.post("/password", {"current": PASSWORD, "new": new})).status == 204
    assert (await here.get("/session")).status == 200
    assert (await elsewhere.get("/session")).status == 401
    assert (await elsewhere.sign_in("ana@example.org")).status == 401
    assert (await elsewhere.sign_in("ana@example.org", new)).status == 201

    assert (await here.get("/keys")).status == 200
    assert (await owner.ask("PATCH", "/users/usr_2", {"role": "viewer"})).status == 200
    assert (await here.get("/keys")).status == 403  # the same session, its next request
    assert (await owner.ask("DELETE", "/users/usr_2")).status == 204
    assert (await here.get("/session")).status == 401
    assert (await elsewhere.get("/session")).status == 401
    assert (await here.sign_in("ana@example.org", new)).status == 401

    await signed_in(api, "eve@example.org")
    async with api.db.transaction() as tx:
        await tx.run("UPDATE users SET disabled = :yes WHERE email = 'owner@example.org'", {"yes": True})
    assert (await owner.get("/session")).status == 401


async def test_R28_what_another_site_has_a_browser_send_is_refused(api: Api) -> None:
    browser = await signed_in(api, "ana@example.org")
    body = {"name": "x", "scopes": ["keys:read"]}
    for headers in [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "", "Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"X_CSRF_Token": ""},
        {"X_CSRF_Token": "x" * 43},
    ]:
        refused = await browser.post("/keys", body, **headers)
        assert (refused.status, refused.data["type"]) == (403, PROBLEM + "forged-request"), headers
    other = await signed_in(api, "eve@example.org")
    assert (await browser.post("/keys", body, X_CSRF_Token=other.csrf)).status == 403
    plain = await browser.post("/keys", body, Content_Type="text/plain")
    assert plain.status == 415
    assert len((await browser.get("/keys")).data["items"]) == 1
    assert (await browser.post("/keys", body, Origin="", Sec_Fetch_Site="same-origin")).status == 201
    assert (await browser.post("/keys", body)).status == 201
    # Signing a visitor in as somebody else is refused as well.
    refused = await Browser(api).post(
        "/session", {"email": "ana@example.org", "password": PASSWORD}, Origin="https://evil.example"
    )
    assert refused.data["type"] == PROBLEM + "forged-request"


async def test_a_session_ends_when_it_is_idle_or_old(database_url: str, tmp_path: Path) -> None:
    async with another_api(database_url, tmp_path, access={"idle": "PT2H", "lifetime": "P1D"}) as api:
        browser = await signed_in(api, "ana@example.org")
        hour = 3_600_000_000

        async def ago(hours: int, column: str) -> int:
            async with api.db.transaction() as tx:
                now = await tx.now()
                await tx.run(f"UPDATE sessions SET {column} = :at", {"at": now - hours * hour})
            return (await browser.get("/session")).status

        assert await ago(1, "seen_at") == 200
        async with api.db.reading() as tx:  # and it was seen again
            assert await tx.now() - await tx.scalar("SELECT seen_at FROM sessions") < hour // 60
        assert await ago(3, "seen_at") == 401
        assert await ago(0, "seen_at") == 200
        assert await ago(0, "expires_at") == 401


async def test_signing_in_begins_a_new_session_and_ends_the_browsers_old_one(api: Api) -> None:
    browser = await signed_in(api, "ana@example.org")
    before = dict(browser.cookies)
    await browser.sign_in("ana@example.org")
    assert browser.cookies["__Host-clarion"] != before["__Host-clarion"]
    old = Browser(api)
    old.cookies = before
    assert (await old.get("/session")).status == 401
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM sessions") == 1


async def test_ones_own_sessions_can_be_seen_and_ended(api: Api) -> None:
    browser = await signed_in(api, "ana@example.org")
    other = Browser(api)
    await other.sign_in("ana@example.org")
    stranger = await signed_in(api, "eve@example.org")
    listed = (await browser.get("/sessions")).data["items"]
    assert [each["current"] for each in listed] == [False, True]
    assert listed[0]["address"] == "127.0.0.1"
    assert (await stranger.ask("DELETE", f"/sessions/{listed[0]['id']}")).status == 404
    assert (await browser.ask("DELETE", f"/sessions/{listed[0]['id']}")).status == 204
    assert (await other.get("/session")).status == 401
    assert (await browser.get("/session")).status == 200


async def test_a_user_switches_among_their_own_workspaces_only(api: Api) -> None:
    theirs = await add_workspace(api.db, "theirs")
    mine = await add_workspace(api.db, "mine")
    browser = await signed_in(api, "ana@example.org", Role.VIEWER)
    owner = await signed_in(api, "owner@example.org", workspace=mine)
    assert (
        await owner.post("/users/invitations", {"email": "ana@example.org", "role": "owner"})
    ).status == 201
    for ident in (theirs, 999):
        refused = await browser.ask("PATCH", "/session", {"workspace": f"wsp_{ident}"})
        assert (refused.status, refused.data["type"]) == (404, PROBLEM + "not-found")
    switched = await browser.ask("PATCH", "/session", {"workspace": f"wsp_{mine}"})
    assert (switched.data["workspace"]["name"], switched.data["role"]) == ("mine", "owner")
    assert (await browser.get("/session")).data == switched.data
    assert (await browser.get("/workspace")).data["name"] == "mine"


async def test_people_sign_in_over_https_or_on_this_machine_only(database_url: str, tmp_path: Path) -> None:
    async with another_api(database_url, tmp_path, http={"public_url": "http://clarion.example.org"}) as api:
        await a_user(api, "ana@example.org")
        refused = await Browser(api).sign_in("ana@example.org")
        assert (refused.status, refused.data["type"]) == (403, PROBLEM + "needs-https")
        assert "CLARION_HTTP__PUBLIC_URL" in refused.data["detail"]
        assert (await api.get("/session")).status == 200


async def test_our_page_at_the_public_address_may_ask(database_url: str, tmp_path: Path) -> None:
    async with another_api(
        database_url, tmp_path, http={"public_url": "https://clarion.example.org/"}
    ) as api:
        browser = await signed_in(api, "ana@example.org")
        body = {"name": "x", "scopes": ["keys:read"]}
        assert (await browser.post("/keys", body, Origin="https://clarion.example.org")).status == 201
        assert (await browser.post("/keys", body, Origin="http://clarion.example.org")).status == 403
        assert (
            await browser.post("/keys", body, Origin="https://clarion.example.org.evil.example")
        ).status == 403


async def test_R27_a_key_revoked_at_one_server_is_refused_by_another_at_once(
    database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    async with another_api(database_url, tmp_path) as one, another_api(database_url, tmp_path / "b") as two:
        assert (await two.get("/keys", key=one.key)).status == 200
        key_id = (await one.get("/session")).data["key"]["id"]
        assert (await one.delete(f"/keys/{key_id}", key=two.key)).status == 204
        ended = await two.get("/keys", key=one.key)
        assert (ended.status, ended.data["type"]) == (401, PROBLEM + "not-signed-in")
        browser = await signed_in(one, "ana@example.org")
        same = Browser(two)
        same.cookies = browser.cookies
        assert (await same.get("/session")).status == 200
        await browser.ask("DELETE", "/session")
        same.cookies = {"__Host-clarion": same.cookies["__Host-clarion-device"]}
        assert (await same.get("/session")).status == 401


async def test_guessing_is_answered_with_how_long_to_wait(api: Api) -> None:
    await a_user(api, "ana@example.org")
    for _ in range(10):
        assert (await Browser(api).sign_in("ana@example.org", "a wrong password")).status == 401
    slowed = await Browser(api).sign_in("ana@example.org")
    assert (slowed.status, slowed.data["type"]) == (429, PROBLEM + "too-many-attempts")
    assert 1 <= int(slowed.headers["Retry-After"]) <= 60
    assert (await Browser(api).sign_in("eve@example.org", "a wrong password")).status == 401
    browser = await signed_in(api, "bea@example.org")
    answers = [await browser.post("/password", {"current": "wrong", "new": PASSWORD}) for _ in range(11)]
    assert [each.status for each in answers] == [422] * 10 + [429]


async def test_the_log_has_the_address_that_our_proxy_tells(database_url: str, tmp_path: Path) -> None:
    for trusted, address in ((["127.0.0.1"], "203.0.113.9"), ([], "127.0.0.1")):
        port = free_port()
        http = {"port": port, "public_url": f"http://127.0.0.1:{port}", "trusted_proxies": trusted}
        async with another_api(database_url, tmp_path, http=http) as api:
            await a_user(api, f"ana{len(trusted)}@example.org")
            browser = Browser(api, address="10.1.1.1, 203.0.113.9")
            await browser.sign_in(f"ana{len(trusted)}@example.org")
            await browser.ask("PATCH", "/workspace", {"name": f"n{len(trusted)}"})
            noted = (await api.get("/audit", limit=2)).data["items"]
            assert [each["address"] for each in noted] == [address, address]


async def test_no_answer_with_a_secret_is_kept_for_a_repetition(api: Api) -> None:
    browser = await signed_in(api, "ana@example.org")
    key = {"Idempotency_Key": "once"}
    await browser.post("/session/totp", {"password": PASSWORD}, **key)
    await browser.post("/users/invitations", {"email": "x@example.org", "role": "viewer"}, **key)
    await browser.post("/password", {"current": PASSWORD, "new": "another four words"}, **key)
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM idempotency") == 0
