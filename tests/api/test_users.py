"""Users of a workspace: invited, given roles, taken out; and who may do it."""

import pytest

from clarion.domain.access import Role
from clarion.services.workspaces import add_workspace
from tests.support.api import Api
from tests.support.browser import PASSWORD, PROBLEM, Browser, a_user, signed_in

INVITE = "/users/invitations"


def _token(link: str) -> str:
    return link.partition("token=")[2]


async def test_an_invitation_makes_a_user_once(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    made = await owner.post(INVITE, {"email": "Ana@Example.org", "role": "editor"})
    assert made.status == 201
    link = made.data["link"]
    assert link.startswith(f"{api.backend.public_url}/invitation?token=")
    assert made.data["user_id"] is None
    open_ones = (await owner.get(INVITE)).data["items"]
    assert [(each["email"], each["role"], each["made_by"]) for each in open_ones] == [
        ("ana@example.org", "editor", "usr_1")
    ]
    assert _token(link) not in str(open_ones)
    seen = await Browser(api).post("/invitations/look-up", {"token": _token(link)})
    assert (seen.data["email"], seen.data["role"], seen.data["workspace"]) == (
        "ana@example.org",
        "editor",
        "default",
    )
    ana = Browser(api)
    weak = await ana.post("/invitations/accept", {"token": _token(link), "password": "ana@example.org"})
    assert (weak.status, weak.data["errors"][0]["pointer"]) == (422, "#/password")
    body = {"token": _token(link), "name": "Ana", "password": PASSWORD}
    accepted = await ana.post("/invitations/accept", body)
    assert (accepted.status, accepted.data["role"]) == (201, "editor")
    assert (await ana.get("/session")).data["user"]["name"] == "Ana"
    again = await Browser(api).post("/invitations/accept", body)
    assert (again.status, again.data["type"]) == (422, PROBLEM + "bad-link")
    assert (await owner.get(INVITE)).data["items"] == []
    listed = (await owner.get("/users")).data["items"]
    assert [(each["email"], each["role"]) for each in listed] == [
        ("owner@example.org", "owner"),
        ("ana@example.org", "editor"),
    ]
    assert (await owner.get("/users/usr_2")).data == listed[1]
    twice = await owner.post(INVITE, {"email": "ana@example.org", "role": "viewer"})
    assert (twice.status, twice.data["type"]) == (409, PROBLEM + "already-exists")


async def test_an_invitation_is_withdrawn_replaced_or_over(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    first = (await owner.post(INVITE, {"email": "ana@example.org", "role": "editor"})).data
    second = (await owner.post(INVITE, {"email": "ana@example.org", "role": "viewer"})).data
    late = (await owner.post(INVITE, {"email": "bea@example.org", "role": "viewer"})).data
    async with api.db.transaction() as tx:
        await tx.run("UPDATE links SET expires_at = 1 WHERE email = 'bea@example.org'")
    assert (await owner.ask("DELETE", f"{INVITE}/{second['id']}")).status == 204
    assert (await owner.ask("DELETE", f"{INVITE}/{second['id']}")).status == 404
    for each in (first, second, late, {"link": "token=made-up"}):
        for path, more in (("look-up", {}), ("accept", {"password": PASSWORD})):
            refused = await Browser(api).post(f"/invitations/{path}", {"token": _token(each["link"]), **more})
            assert (refused.status, refused.data["type"]) == (422, PROBLEM + "bad-link")


async def test_a_user_of_another_workspace_is_added_at_once(api: Api) -> None:
    other = await add_workspace(api.db, "other")
    owner = await signed_in(api, "owner@example.org")
    elsewhere = await signed_in(api, "boss@example.org", workspace=other)
    await a_user(api, "ana@example.org", Role.ADMIN, workspace=other)
    added = (await owner.post(INVITE, {"email": "ana@example.org", "role": "viewer"})).data
    assert (added["user_id"], added["link"]) == ("usr_3", None)
    ana = Browser(api)
    places = (await ana.sign_in("ana@example.org")).data["workspaces"]
    assert [(each["name"], each["role"]) for each in places] == [("default", "viewer"), ("other", "admin")]
    # Invited by two, she accepts one and is in both.
    links = [
        (await each.post(INVITE, {"email": "bea@example.org", "role": "viewer"})).data["link"]
        for each in (owner, elsewhere)
    ]
    bea = Browser(api)
    done = await bea.post("/invitations/accept", {"token": _token(links[1]), "password": PASSWORD})
    assert done.data["workspace"]["name"] == "other"
    assert [each["name"] for each in done.data["workspaces"]] == ["default", "other"]
    second = await Browser(api).post("/invitations/accept", {"token": _token(links[0]), "password": PASSWORD})
    assert second.data["type"] == PROBLEM + "bad-link"


async def test_owners_alone_deal_with_owners_and_one_always_stays(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    admin = await signed_in(api, "admin@example.org", Role.ADMIN)
    for asked in (
        await admin.ask("PATCH", "/users/usr_2", {"role": "owner"}),
        await admin.ask("PATCH", "/users/usr_1", {"role": "viewer"}),
        await admin.ask("DELETE", "/users/usr_1"),
        await admin.post(INVITE, {"email": "x@example.org", "role": "owner"}),
        await admin.post("/users/usr_1/password-link"),
        await api.patch("/users/usr_2", {"role": "owner"}),
        await api.post(INVITE, {"email": "x@example.org", "role": "owner"}),
    ):
        assert (asked.status, asked.data["type"]) == (403, PROBLEM + "role-not-yours")
    for asked in (
        await owner.ask("PATCH", "/users/usr_1", {"role": "admin"}),
        await owner.ask("DELETE", "/users/usr_1"),
    ):
        assert (asked.status, asked.data["type"]) == (409, PROBLEM + "last-owner")
    assert (await admin.post(INVITE, {"email": "x@example.org", "role": "admin"})).status == 201
    assert (await owner.ask("PATCH", "/users/usr_2", {"role": "owner"})).data["role"] == "owner"
    assert (await admin.ask("PATCH", "/users/usr_1", {"role": "viewer"})).status == 200
    assert (await owner.get("/users")).status == 403
    assert (await owner.ask("DELETE", "/users/usr_2")).status == 403


@pytest.mark.parametrize("role", [Role.EDITOR, Role.SENDER, Role.VIEWER])
async def test_others_neither_see_nor_change_users(api: Api, role: Role) -> None:
    browser = await signed_in(api, "ana@example.org", role)
    for method, path, body in [
        ("GET", "/users", None),
        ("PATCH", "/users/usr_1", {"role": "admin"}),
        ("POST", INVITE, {"email": "x@example.org", "role": "viewer"}),
        ("GET", "/audit", None),
    ]:
        refused = await browser.ask(method, path, body)
        assert (refused.status, refused.data["type"]) == (403, PROBLEM + "not-allowed")


async def test_a_key_gives_no_role_that_may_more_than_it(api: Api) -> None:
    await a_user(api, "ana@example.org", Role.ADMIN)
    weak = await api.key_with("users:write", "users:read")
    for asked in (
        await api.post(INVITE, {"email": "x@example.org", "role": "admin"}, key=weak),
        await api.post(INVITE, {"email": "x@example.org", "role": "viewer"}, key=weak),
        await api.delete("/users/usr_1", key=weak),
    ):
        assert (asked.status, asked.data["type"]) == (403, PROBLEM + "role-not-yours")


async def test_R26_users_of_another_workspace_do_not_exist(api: Api) -> None:
    other = await add_workspace(api.db, "other")
    owner = await signed_in(api, "owner@example.org")
    boss = await signed_in(api, "boss@example.org", workspace=other)
    theirs = (await boss.post(INVITE, {"email": "x@example.org", "role": "viewer"})).data["id"]
    for method, path, body in [
        ("GET", "/users/{}", None),
        ("PATCH", "/users/{}", {"role": "viewer"}),
        ("DELETE", "/users/{}", None),
        ("POST", "/users/{}/password-link", None),
    ]:
        answers = [await owner.ask(method, path.format(ident), body) for ident in ("usr_2", "usr_999")]
        assert [each.status for each in answers] == [404, 404]
        assert answers[0].data["detail"].replace("usr_2", "usr_999") == answers[1].data["detail"]
    assert (await owner.ask("DELETE", f"{INVITE}/{theirs}")).status == 404
    assert [each["id"] for each in (await owner.get("/users")).data["items"]] == ["usr_1"]
    assert (await owner.get(INVITE)).data["items"] == []


async def test_a_forgotten_password_is_replaced_by_a_link(api: Api) -> None:
    other = await add_workspace(api.db, "other")
    owner = await signed_in(api, "owner@example.org")
    ana = await signed_in(api, "ana@example.org", Role.EDITOR)
    first = (await owner.post("/users/usr_2/password-link")).data["link"]
    link = (await owner.post("/users/usr_2/password-link")).data["link"]
    body = {"token": _token(link), "password": "another four random words"}
    assert (await Browser(api).post("/password/reset", {**body, "token": _token(first)})).status == 422
    there = Browser(api)
    assert (await there.post("/password/reset", body)).status == 201
    assert (await there.get("/session")).data["user"]["id"] == "usr_2"
    assert (await ana.get("/session")).status == 401
    assert (await Browser(api).post("/password/reset", body)).data["type"] == PROBLEM + "bad-link"
    assert (await Browser(api).sign_in("ana@example.org", body["password"])).status == 201
    boss = await signed_in(api, "boss@example.org", workspace=other)
    await boss.post(INVITE, {"email": "ana@example.org", "role": "viewer"})
    refused = await owner.post("/users/usr_2/password-link")
    assert (refused.status, refused.data["type"]) == (409, PROBLEM + "belongs-elsewhere")


async def test_users_come_in_pages(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    for n in range(4):
        await a_user(api, f"u{n}@example.org", Role.VIEWER)
    names, cursor = [], ""
    while True:
        answer = (await owner.get(f"/users?limit=2{cursor}")).data
        names += [each["email"][0:2] for each in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert names == ["ow", "u0", "u1", "u2", "u3"]


async def test_what_is_done_with_users_is_in_the_audit_log(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    await a_user(api, "ana@example.org", Role.VIEWER)
    await owner.ask("PATCH", "/users/usr_2", {"role": "sender"})
    await owner.post(INVITE, {"email": "x@example.org", "role": "viewer"})
    await owner.ask("DELETE", "/users/usr_2")
    noted = (await owner.get("/audit")).data["items"]
    assert [(each["action"], each["target"], each["detail"]) for each in noted] == [
        ("remove_user", "usr_2", {}),
        ("invite_user", "inv_1", {"role": "viewer"}),
        ("change_role", "usr_2", {"role": "sender"}),
        ("sign_in", "", {}),
    ]
    assert {(each["actor"], each["actor_name"], each["address"]) for each in noted} == {
        ("user:1", "owner@example.org", "127.0.0.1")
    }
