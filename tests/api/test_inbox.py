"""The inbox over the API: who wrote, what was said, and what may be answered."""

from typing import Any

from clarion.services.senders import add_sender
from clarion.store.books import check_books
from tests.api.test_runs import asking
from tests.support.api import Api
from tests.support.journey_engine import Stage
from tests.support.people import named

PROBLEM = "urn:clarion:problem:"
TEXT = {"content": {"type": "text", "body": "We are on our way {{ name }}"}}
DAY = 86_400_000_000


def handing() -> dict[str, Any]:
    """As asking, and whoever wants a person gets one."""
    graph = asking()
    graph["nodes"].append({"id": "person", "kind": "handoff", "wait": True, "note": "wants a person"})
    graph["edges"].insert(2, {"from": "answer", "to": "person", "on": "keywords", "words": ["person"]})
    graph["edges"].append({"from": "person", "to": "won"})
    return graph


async def staged(api: Api) -> Stage:
    """Five people who were asked; Ana said yes, Bo wants a person, and two strangers wrote something."""
    stage = Stage(api.db)
    await stage.set(handing(), named("Ana", "Bo", "Cy", "Di", "Ed"))
    await stage.start()
    await stage.settle()
    await stage.say(1, "yes")
    await stage.say(2, "a person please")
    await stage.say(7, "Hello?")
    await stage.say(7, "Anybody there?")
    await stage.say(8, "Where is my order?")
    return stage


async def conversations(api: Api, **query: str) -> list[dict[str, Any]]:
    return list((await api.get("/conversations", **query)).data["items"])


async def test_conversations_tell_who_waits_for_an_answer(api: Api) -> None:
    await staged(api)
    open_ = await conversations(api)
    assert [(each["last_text"], each["unread"]) for each in open_] == [
        ("Where is my order?", 1),
        ("Anybody there?", 2),
        ("a person please", 0),
    ]
    assert (open_[0]["contact_id"], open_[0]["phone"], open_[0]["may_write"]) == (
        None,
        "+5541900000008",
        "anything",
    )
    handed = open_[2]
    assert (handed["name"], handed["handoff"]["note"], handed["handoff"]["waits"]) == (
        "Bo",
        "wants a person",
        True,
    )
    assert handed["has_window"] is True
    assert handed["window_closes_at"] > handed["replied_at"]
    closed = await conversations(api, state="closed")
    assert [(each["name"], each["last_text"], each["unread"]) for each in closed] == [("Ana", "yes", 0)]
    assert len(await conversations(api, state="all")) == 4
    assert [each["unread"] for each in await conversations(api, unread="true")] == [1, 2]
    first = await api.get("/conversations", limit="2")
    rest = await api.get("/conversations", limit="2", cursor=first.data["next_cursor"])
    assert first.data["items"] + rest.data["items"] == open_
    assert rest.data["next_cursor"] is None


async def test_an_answer_is_queued_before_everything_else_and_read_is_read(api: Api) -> None:
    stage = await staged(api)
    (first, second, _) = await conversations(api)
    path = f"/conversations/{second['id']}"
    sent = await api.post(f"{path}/replies", TEXT, headers={"Idempotency-Key": "a"})
    assert (sent.status, sent.data["status"]) == (201, "queued")
    assert (await api.post(f"{path}/replies", TEXT, headers={"Idempotency-Key": "a"})).data == sent.data
    assert f"send:{stage.sender}" in api.waker.lanes
    async with api.db.reading() as tx:
        rows = await tx.all("SELECT priority, person FROM outbox ORDER BY message_id DESC LIMIT 1")
    assert [(row.priority, row.person) for row in rows] == [(0, "5541900000007")]
    assert await check_books(api.db) == []
    found = (await api.get(path)).data
    assert (found["unread"], found["contact_id"] is None) == (0, False)
    assert (await conversations(api))[0]["id"] == second["id"]
    said = (await api.get(f"{path}/entries")).data["items"]
    assert [(each["kind"], each["text"]) for each in said] == [
        ("message", "We are on our way {{ name }}"),
        ("reply", "Anybody there?"),
        ("reply", "Hello?"),
    ]
    assert said[1]["read_at"] is not None
    page = await api.get(f"{path}/entries", limit="2")
    last = await api.get(f"{path}/entries", limit="2", cursor=page.data["next_cursor"])
    assert page.data["items"] + last.data["items"] == said
    wrong = await api.post(f"{path}/replies", {"content": {"type": "buttons", "body": "x", "buttons": []}})
    assert (wrong.status, wrong.data["type"]) == (422, f"{PROBLEM}bad-content")
    assert (await api.post(f"{path}/replies", {"content": {"type": "song"}})).status == 422
    waiting = (await api.get("/replies")).data["items"]
    assert [each["text"] for each in waiting] == ["Where is my order?"]
    assert (await api.post(f"/replies/{waiting[0]['id']}/read")).status == 204
    assert (await api.post(f"/replies/{waiting[0]['id']}/read")).status == 204
    assert (await api.get(f"/conversations/{first['id']}")).data["unread"] == 0
    assert (await api.get("/replies")).data["items"] == []


async def test_what_came_after_the_last_look_stays_unread(api: Api) -> None:
    stage = await staged(api)
    (_, second, _) = await conversations(api)
    path = f"/conversations/{second['id']}"
    newest = (await api.get(f"{path}/entries")).data["items"][0]["id"]
    await stage.say(7, "And another thing")
    read = await api.made(f"{path}/read", {"upto": newest})
    assert (read["unread"], read["last_text"]) == (1, "And another thing")
    assert (await api.made(f"{path}/read", {}))["unread"] == 0


async def test_a_closed_window_takes_templates_only_and_says_since_when(api: Api) -> None:
    await staged(api)
    (first, *_) = await conversations(api)
    path = f"/conversations/{first['id']}"
    async with api.db.transaction() as tx:
        await tx.run("UPDATE conversations SET replied_at = replied_at - :by", {"by": DAY + 1})
    assert (await api.get(path)).data["may_write"] == "template"
    refused = await api.post(f"{path}/replies", TEXT)
    assert (refused.status, refused.data["type"]) == (409, f"{PROBLEM}window-closed")
    closed_at = (await api.get(path)).data["window_closes_at"]
    assert f"since {closed_at[:10]} {closed_at[11:19]}" in refused.data["detail"]
    template = {"type": "template", "name": "hello", "language": "en"}
    assert (await api.post(f"{path}/replies", {"content": template})).status == 201


async def test_whoever_stopped_is_shown_and_not_written_to(api: Api) -> None:
    stage = await staged(api)
    await stage.say(8, "STOP")
    (found,) = [each for each in await conversations(api) if each["phone"].endswith("8")]
    assert (found["stopped"], found["may_write"], found["last_text"]) == ("opt_out", "nothing", "STOP")
    refused = await api.post(f"/conversations/{found['id']}/replies", TEXT)
    assert (refused.status, refused.data["type"]) == (422, f"{PROBLEM}person-stopped")


async def test_sms_may_be_answered_at_any_time(api: Api) -> None:
    stage = await staged(api)
    stage.sender = await add_sender(
        api.db,
        api.box,
        workspace=1,
        name="sms",
        provider="twilio",
        account="AC00000000000000000000000000000001",
        config={"from": "+15005550006", "channel": "sms"},
        secrets={"auth_token": "t"},
        rate=0,
    )
    await stage.say(9, "Hi")
    (found, *_) = await conversations(api)
    assert (found["sender"], found["has_window"], found["window_closes_at"]) == ("sms", False, None)
    async with api.db.transaction() as tx:
        await tx.run("UPDATE conversations SET replied_at = 1")
    assert (await api.post(f"/conversations/{found['id']}/replies", TEXT)).status == 201


async def test_closing_ends_the_handoff_and_the_journey_goes_on(api: Api) -> None:
    stage = await staged(api)
    (handoff,) = (await api.get("/handoffs")).data["items"]
    assert (handoff["journey"], handoff["note"], handoff["last_text"]) == (
        "test",
        "wants a person",
        "a person please",
    )
    (_, _, handed) = await conversations(api)
    path = f"/conversations/{handed['id']}"
    closed = await api.patch(path, {"state": "closed"})
    assert (closed.status, closed.data["state"], closed.data["handoff"]) == (200, "closed", None)
    assert (await api.get("/handoffs")).data["items"] == []
    await stage.step()
    assert (await stage.where())["=won"] == 2
    assert await api.made(f"/handoffs/{handoff['id']}/close") == {"id": handoff["id"], "fresh": False}
    assert (await api.patch(path, {"state": "open"})).data["state"] == "open"


async def test_a_conversation_is_given_to_a_member_of_the_workspace_only(api: Api) -> None:
    await staged(api)
    (first, *_) = await conversations(api)
    path = f"/conversations/{first['id']}"
    other, _ = await api.other_workspace()
    async with api.db.transaction() as tx:
        for user, workspace in ((1, 1), (2, other)):
            await tx.run(
                "INSERT INTO users (id, email) VALUES (:id, :email)",
                {"id": user, "email": f"u{user}@example.com"},
            )
            await tx.run(
                "INSERT INTO memberships (user_id, workspace_id, role) VALUES (:user, :workspace, 'sender')",
                {"user": user, "workspace": workspace},
            )
    given = await api.patch(path, {"assignee_id": "usr_1"})
    assert (given.status, given.data["assignee_id"]) == (200, "usr_1")
    assert [each["id"] for each in await conversations(api, assignee="usr_1")] == [first["id"]]
    assert len(await conversations(api, assignee="nobody")) == 2
    assert await conversations(api, assignee="me") == []
    for stranger in ("usr_2", "usr_99"):
        refused = await api.patch(path, {"assignee_id": stranger})
        assert (refused.status, refused.data["errors"][0]["pointer"]) == (422, "#/assignee_id")
    assert (await api.patch(path, {"assignee_id": None})).data["assignee_id"] is None
    assert (await api.patch(path, {})).data["state"] == "open"


async def test_R09_lists_of_the_inbox_keep_their_limits(api: Api) -> None:
    await staged(api)
    (first, *_) = await conversations(api)
    for path, query in (
        ("/conversations", {"limit": "1000000000"}),
        ("/conversations", {"state": "dancing"}),
        ("/conversations", {"assignee": "con_1"}),
        ("/conversations", {"cursor": "WyJydW5zIiwxXQ"}),
        (f"/conversations/{first['id']}/entries", {"limit": "-1"}),
        ("/handoffs", {"limit": "0"}),
        ("/replies", {"cursor": "?"}),
    ):
        assert (await api.get(path, **query)).status == 422, (path, query)


async def test_R26_another_workspaces_conversations_do_not_exist(api: Api) -> None:
    await staged(api)
    (first, *_) = await conversations(api)
    (handoff,) = (await api.get("/handoffs")).data["items"]
    reply = (await api.get("/replies")).data["items"][0]
    _, key = await api.other_workspace()
    path = f"/conversations/{first['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("GET", f"{path}/entries", None),
        ("POST", f"{path}/replies", TEXT),
        ("POST", f"{path}/read", {}),
        ("PATCH", path, {"state": "closed"}),
        ("POST", f"/handoffs/{handoff['id']}/close", None),
        ("POST", f"/replies/{reply['id']}/read", None),
    ):
        answer = await api.ask(method, where, body, key=key)
        assert (answer.status, answer.data["type"]) == (404, f"{PROBLEM}not-found"), where
    for where in ("/conversations", "/handoffs", "/replies"):
        assert (await api.get(where, key=key)).data["items"] == []
    assert len(await conversations(api)) == 3
