"""Workspaces: their settings, and making another one."""

from clarion.domain.access import Role
from clarion.services.workspaces import add_workspace
from clarion.store import crowd
from tests.support.api import Api
from tests.support.browser import PROBLEM, signed_in


async def test_only_what_is_given_changes(api: Api) -> None:
    before = (await api.get("/workspace")).data
    assert before == {"id": "wsp_1", "name": "default", "opt_out_words": [], "created_at": None}
    words = ["Abmelden", "ABMELDEN!", "désabonner"]
    changed = await api.patch("/workspace", {"opt_out_words": words})
    assert (changed.status, changed.data["name"]) == (200, "default")
    assert changed.data["opt_out_words"] == ["Abmelden", "désabonner"]
    async with api.db.reading() as tx:
        assert await crowd.stop_words(tx, 1) == ("Abmelden", "désabonner")
    renamed = await api.patch("/workspace", {"name": "  Lisbon shop "})
    assert (renamed.data["name"], len(renamed.data["opt_out_words"])) == ("Lisbon shop", 2)
    assert (await api.patch("/workspace", {})).data == renamed.data
    assert (await api.get("/workspace")).data == renamed.data


async def test_what_cannot_be_stored_is_refused_by_its_place(api: Api) -> None:
    await add_workspace(api.db, "other")
    for body, status, pointer in [
        ({"name": "   "}, 422, "#/name"),
        ({"name": "a\nb"}, 422, "#/name"),
        ({"name": None}, 422, "#/name"),
        ({"opt_out_words": ["ok", "!!"]}, 422, "#/opt_out_words/1"),
        ({"opt_out_words": ["x"] * 101}, 422, "#/opt_out_words"),
    ]:
        refused = await api.patch("/workspace", body)
        assert (refused.status, refused.data["errors"][0]["pointer"]) == (status, pointer)
    taken = await api.patch("/workspace", {"name": "other"})
    assert (taken.status, taken.data["type"]) == (409, PROBLEM + "already-exists")
    weak = await api.key_with("workspace:read")
    assert (await api.get("/workspace", key=weak)).status == 200
    assert (await api.patch("/workspace", {"name": "x"}, key=weak)).status == 403


async def test_an_owner_makes_another_workspace_and_owns_it(api: Api) -> None:
    owner = await signed_in(api, "owner@example.org")
    made = await owner.post("/workspaces", {"name": "Porto"})
    assert (made.status, made.data["id"]) == (201, "wsp_2")
    twice = await owner.post("/workspaces", {"name": "Porto"})
    assert (twice.status, twice.data["type"]) == (409, PROBLEM + "already-exists")
    listed = (await owner.get("/workspaces")).data["items"]
    assert [(each["name"], each["role"]) for each in listed] == [("default", "owner"), ("Porto", "owner")]
    assert (await owner.ask("PATCH", "/session", {"workspace": "wsp_2"})).status == 200
    assert (await owner.get("/keys")).data["items"] == []  # the test's own key is in the first one
    assert (await api.get("/workspaces")).data["items"] == [{"id": "wsp_1", "name": "default", "role": None}]


async def test_who_owns_none_makes_none(api: Api) -> None:
    admin = await signed_in(api, "admin@example.org", Role.ADMIN)
    refused = await admin.post("/workspaces", {"name": "Porto"})
    assert (refused.status, refused.data["type"]) == (403, PROBLEM + "role-not-yours")
    by_key = await api.post("/workspaces", {"name": "Porto"})
    assert (by_key.status, by_key.data["type"]) == (403, PROBLEM + "needs-user")
