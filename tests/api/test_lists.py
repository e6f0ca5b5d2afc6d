"""Lists over HTTP, and who is on them."""

from clarion.store.db import Database
from tests.support.api import Api
from tests.support.people import a_campaign, a_sender


async def _counted(db: Database) -> dict[str, tuple[int, int]]:
    """List -> the counter, and what it counts."""
    async with db.reading() as tx:
        rows = await tx.all(
            "SELECT l.name, l.members, (SELECT count(*) FROM list_members m WHERE m.list_id = l.id) AS n FROM lists l"
        )
    return {row.name: (row.members, row.n) for row in rows}


async def test_a_list_is_made_renamed_listed_and_deleted(api: Api) -> None:
    made = await api.made("/lists", {"name": " Newsletter "})
    assert (made["name"], made["members"]) == ("Newsletter", 0)
    twin = await api.post("/lists", {"name": "Newsletter"})
    assert (twin.status, twin.data["type"]) == (409, "urn:clarion:problem:already-exists")
    other = await api.made("/lists", {"name": "Amigos"})
    path = f"/lists/{made['id']}"
    assert (await api.patch(path, {"name": "News"})).data == {**made, "name": "News"}
    assert (await api.patch(path, {"name": "News"})).status == 200
    assert (await api.patch(path, {"name": "Amigos"})).status == 409
    assert (await api.patch(path, {"name": "  "})).status == 422
    first = await api.get("/lists", limit=1)
    assert [each["name"] for each in first.data["items"]] == ["Amigos"]
    second = await api.get("/lists", limit=1, cursor=first.data["next_cursor"])
    assert ([each["name"] for each in second.data["items"]], second.data["next_cursor"]) == (["News"], None)
    assert (await api.delete(path)).status == 204
    assert (await api.delete(path)).status == 404
    assert (await api.get(path)).status == 404
    reborn = await api.made("/lists", {"name": "News"})  # the name is free, the number never given again
    assert reborn["id"] not in (made["id"], other["id"])


async def test_members_are_added_by_id_and_number_and_the_counter_moves_with_them(api: Api) -> None:
    made = await api.made("/lists", {"name": "l"})
    members = f"/lists/{made['id']}/members"
    ana = await api.made("/contacts", {"phone": "+5541991234567"})
    bia = await api.made("/contacts", {"phone": "+5541991234568"})
    done = await api.made(
        members,
        {
            "contacts": [ana["id"], "con_999", ana["id"]],
            "phones": ["41 9123-4568", "+5541990000000", "?"],
            "country": "BR",
        },
    )
    assert (done["added"], done["already"]) == (2, 0)
    assert [each["item"] for each in done["missing"]] == ["?", "con_999", "+5541990000000"]
    again = await api.made(members, {"contacts": [bia["id"], ana["id"]]})
    assert (again["added"], again["already"], again["missing"]) == (0, 2, [])
    assert (await api.made(members, {}))["added"] == 0
    listed = await api.get(members)
    assert [each["id"] for each in listed.data["items"]] == [bia["id"], ana["id"]]
    page = await api.get(members, limit=1)
    rest = await api.get(members, limit=1, cursor=page.data["next_cursor"])
    assert ([each["id"] for each in rest.data["items"]], rest.data["next_cursor"]) == ([ana["id"]], None)
    assert await _counted(api.db) == {"l": (2, 2)}
    assert (await api.delete(f"{members}/{ana['id']}")).status == 204
    assert (await api.delete(f"{members}/{ana['id']}")).status == 204
    assert (await api.delete(f"{members}/con_999")).status == 404
    assert (await api.get(f"/lists/{made['id']}")).data["members"] == 1
    await api.delete(f"/contacts/{bia['id']}")
    assert await _counted(api.db) == {"l": (0, 0)}


async def test_a_list_that_is_used_stays(api: Api) -> None:
    made = await api.made("/lists", {"name": "used"})
    await api.made("/contacts", {"phone": "+5541991234567", "lists": [made["id"]]})
    await a_sender(api.db)
    campaign = await a_campaign(api.db, ["used"], name="spring")
    async with api.db.transaction() as tx:
        await tx.run("UPDATE campaigns SET status = 'paused' WHERE id = :id", {"id": campaign})
    refused = await api.delete(f"/lists/{made['id']}")
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:in-use")
    assert "campaign 'spring'" in refused.data["detail"]
    async with api.db.transaction() as tx:
        await tx.run("UPDATE campaigns SET status = 'finished' WHERE id = :id", {"id": campaign})
    assert (await api.delete(f"/lists/{made['id']}")).status == 204
    assert await _counted(api.db) == {"used (deleted 1)": (0, 0)}
    assert len((await api.get("/contacts")).data["items"]) == 1


async def test_R26_lists_and_members_of_another_workspace_do_not_exist(api: Api) -> None:
    _, key = await api.other_workspace()
    theirs = await api.made("/lists", {"name": "theirs"}, key=key)
    them = await api.made("/contacts", {"phone": "+5541991234567"}, key=key)
    ours = await api.made("/lists", {"name": "theirs"})  # a name is a workspace's own
    for method, path, body in (
        ("GET", f"/lists/{theirs['id']}", None),
        ("PATCH", f"/lists/{theirs['id']}", {"name": "x"}),
        ("DELETE", f"/lists/{theirs['id']}", None),
        ("GET", f"/lists/{theirs['id']}/members", None),
        ("POST", f"/lists/{theirs['id']}/members", {"phones": ["+5541991234567"]}),
        ("DELETE", f"/lists/{ours['id']}/members/{them['id']}", None),
        ("GET", f"/contacts/{them['id']}", None),
        ("PATCH", f"/contacts/{them['id']}", {"tags": ["x"]}),
        ("DELETE", f"/contacts/{them['id']}", None),
        ("GET", f"/contacts/{them['id']}/export", None),
        ("PUT", f"/contacts/{them['id']}/consent", {"state": "opted_out"}),
        ("POST", "/contacts", {"phone": "+5541991234569", "lists": [theirs["id"]]}),
        ("POST", "/contacts/bulk", {"contacts": [{"phone": "+5541991234569"}], "list_id": theirs["id"]}),
        ("GET", f"/contacts?list_id={theirs['id']}", None),
        ("GET", f"/contacts/export?list_id={theirs['id']}", None),
    ):
        assert (await api.ask(method, path, body)).status == 404, (method, path)
    added = await api.made(f"/lists/{ours['id']}/members", {"contacts": [them["id"]]})
    assert added["missing"] == [{"item": them["id"], "detail": "is no contact"}]
    assert (await api.get("/contacts")).data["items"] == []
    assert (await api.get(f"/contacts/{them['id']}", key=key)).data == them
