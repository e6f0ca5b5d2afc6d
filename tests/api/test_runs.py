"""Runs over the API: started, held, looked at, moved; and one person's way with every reason."""

from typing import Any

from tests.support.api import Api
from tests.support.journey_engine import Stage, refused
from tests.support.people import named

PROBLEM = "urn:clarion:problem:"


def asking() -> dict[str, Any]:
    """Ask, wait an hour, thank whoever says yes."""
    return {
        "name": "test",
        "sender": "main",
        "nodes": [
            {"id": "start", "kind": "audience", "lists": ["everyone"], "api": True, "reentry": "after_end"},
            {
                "id": "ask",
                "kind": "message",
                "content": {"type": "template", "name": "hello", "language": "en"},
            },
            {"id": "answer", "kind": "wait", "timeout": "1h", "save": "said"},
            {"id": "won", "kind": "end", "outcome": "won"},
            {"id": "silent", "kind": "end", "outcome": "silent"},
        ],
        "edges": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": "answer"},
            {"from": "answer", "to": "won", "on": "keywords", "words": ["yes"]},
            {"from": "answer", "to": "silent", "on": "timeout"},
        ],
    }


async def staged(api: Api) -> Stage:
    """The asking journey, published, and five people."""
    stage = Stage(api.db)
    await stage.set(asking(), named("Ana", "Bo", "Cy", "Di", "Ed"))
    return stage


async def answered(stage: Stage) -> int:
    """A run: Ana said yes, Bo something else, Cy's message was refused, Di and Ed say nothing."""
    run = await stage.start()
    await stage.settle(only=3, outcome=refused())
    await stage.settle()
    await stage.say(1, "well, yes")
    await stage.say(2, "what?")
    return run


async def test_a_run_is_started_paused_resumed_and_stopped(api: Api) -> None:
    stage = await staged(api)
    journey = f"jrn_{stage.journey}"
    started = await api.post(
        f"/journeys/{journey}/runs", {"name": "November"}, headers={"Idempotency-Key": "once"}
    )
    run = started.data
    assert (started.status, run["status"], run["kind"], run["name"]) == (
        202,
        "running",
        "audience",
        "November",
    )
    assert started.headers["Location"] == f"/api/v1/runs/{run['id']}"
    assert f"run:{run['id'].removeprefix('run_')}" in api.waker.lanes
    again = await api.post(
        f"/journeys/{journey}/runs", {"name": "November"}, headers={"Idempotency-Key": "once"}
    )
    assert again.data["id"] == run["id"]
    paused = await api.made(f"/runs/{run['id']}/pause", {"reason": "lunch"})
    assert (paused["status"], paused["status_reason"], paused["draining"]) == ("paused", "lunch", 0)
    assert (await api.made(f"/runs/{run['id']}/pause", {}))["status_reason"] == "lunch"
    assert (await api.made(f"/runs/{run['id']}/resume"))["status"] == "running"
    assert (await api.post(f"/runs/{run['id']}/resume")).status == 409
    assert (await api.made(f"/runs/{run['id']}/stop", {}))["status"] == "stopped"
    refused = await api.post(f"/runs/{run['id']}/pause", {})
    assert (refused.status, refused.data["type"]) == (409, f"{PROBLEM}journey-refused")
    found = (await api.get("/runs", status="stopped", journey_id=journey)).data["items"]
    assert [each["id"] for each in found] == [run["id"]]
    assert (await api.get("/runs", status="running")).data["items"] == []
    unknown = await api.post(f"/journeys/{journey}/runs", {"lists": ["lst_999"]})
    assert (unknown.status, unknown.data["errors"][0]["pointer"]) == (422, "#/lists/0")


async def test_one_person_enters_and_enters_once(api: Api) -> None:
    stage = await staged(api)
    path = f"/journeys/jrn_{stage.journey}/entries"
    body = {"phone": "+14155552671", "variables": {"order": "4711"}}
    entered = await api.post(path, body)
    assert entered.status == 201
    assert (entered.data["phone"], entered.data["variables"]) == ("+14155552671", {"order": "4711"})
    await stage.step()
    way = (await api.get(entered.headers["Location"].removeprefix("/api/v1"))).data
    assert (way["position"]["node"], [each["status"] for each in way["messages"]]) == ("ask", ["queued"])
    twice = await api.post(path, body)
    assert (twice.status, twice.data["type"]) == (409, f"{PROBLEM}journey-refused")
    known = await api.post(path, {"contact_id": "con_1"})
    assert known.status == 201
    for wrong, place in (
        ({}, "#/phone"),
        ({"phone": "+14155552671", "contact_id": "con_1"}, "#/phone"),
        ({"contact_id": "con_999999"}, "#/contact_id"),
        ({"contact_id": "con_1", "variables": {"a": {"b": 1}}}, "#/variables/a"),
    ):
        refused = await api.post(path, wrong)
        assert (refused.status, refused.data["errors"][0]["pointer"]) == (422, place)
    assert (await api.post(path, {"phone": "12"})).data["type"] == f"{PROBLEM}bad-address"


async def test_stats_positions_and_the_trace_of_one_person(api: Api) -> None:
    stage = await staged(api)
    run = f"run_{await answered(stage)}"
    stats = (await api.get(f"/runs/{run}/stats", messages="true")).data
    assert (stats["run"]["entered"], stats["run"]["under_way"], stats["outcomes"]) == (
        5,
        3,
        {"won": 1, "failed": 1},
    )
    answer = next(each for each in stats["nodes"] if each["node"] == "answer")
    assert (answer["entered"], answer["here"]) == (4, 3)
    assert [(way["label"], way["n"]) for way in answer["left"]] == [("keywords yes", 1), ("timeout", 0)]
    assert stats["messages"] == {"accepted": 4, "failed": 1}
    assert stats["failures"][0]["code"] == "131026"
    assert (await api.get(f"/runs/{run}/stats")).data["messages"] == {}

    first = (await api.get(f"/runs/{run}/positions", node="answer", limit="2")).data
    rest = (await api.get(f"/runs/{run}/positions", node="answer", cursor=first["next_cursor"])).data
    assert [len(first["items"]), len(rest["items"]), rest["next_cursor"]] == [2, 1, None]
    assert {each["node"] for each in first["items"] + rest["items"]} == {"answer"}
    assert (await api.get(f"/runs/{run}/positions", node="nowhere")).data["items"] == []
    (won,) = (await api.get(f"/runs/{run}/positions", outcome="won")).data["items"]
    assert won["outcome"] == "won"
    assert won["ended_at"] is not None
    everybody = await api.get(f"/runs/{run}/positions")
    assert len(everybody.data["items"]) == 5

    trace = (await api.get(f"/runs/{run}/trace", phone="+5541900000002")).data
    (way,) = trace["passages"]
    heard = way["steps"][-1]
    assert (heard["event"], heard["edge"], heard["why"]) == ("replied", "", "the reply fits no edge")
    assert heard["tried"] == [
        {"edge": "keywords yes", "taken": False, "why": "the reply has none of the words"}
    ]
    assert heard["reply_id"] == way["replies"][0]["id"]
    assert way["replies"][0]["text"] == "what?"
    assert (await api.get(f"/positions/{way['position']['id']}")).data == way
    assert (await api.get(f"/runs/{run}/trace", phone="+5541900000099")).status == 404
    assert (await api.get(f"/runs/{run}/trace", phone="12")).status == 422


async def test_people_are_moved_to_another_version_as_the_preview_shows(api: Api) -> None:
    stage = await staged(api)
    run = f"run_{await answered(stage)}"
    graph = asking()
    graph["nodes"][2]["id"] = "reply"
    for edge in graph["edges"]:
        edge.update({end: "reply" for end in ("from", "to") if edge[end] == "answer"})
    await stage.publish(graph)
    staying = await api.made(f"/runs/{run}/moves/preview", {"version": 2})
    assert (staying["moving"], staying["staying"]) == (0, 3)
    move = {"version": 2, "mapping": {"answer": "reply"}}
    preview = await api.made(f"/runs/{run}/moves/preview", move)
    assert [(each["node"], each["to"], each["people"]) for each in preview["landings"]] == [
        ("answer", "reply", 3)
    ]
    assert await api.made(f"/runs/{run}/moves", move) == {"moved": 3, "stayed": 0, "left": 0}
    assert (await api.made(f"/runs/{run}/moves", move))["moved"] == 0
    wrong = await api.post(f"/runs/{run}/moves", {"version": 2, "mapping": {"answer": "nowhere"}})
    assert (wrong.status, wrong.data["type"]) == (409, f"{PROBLEM}journey-refused")
    assert (await api.post(f"/runs/{run}/moves/preview", {"version": 9})).status == 404


async def test_R09_lists_of_runs_and_people_keep_their_limits(api: Api) -> None:
    stage = await staged(api)
    run = f"run_{await stage.start()}"
    for path, query in (
        ("/runs", {"limit": "1000000000"}),
        ("/runs", {"status": "dancing"}),
        ("/runs", {"journey_id": "1"}),
        ("/runs", {"cursor": "eyJh"}),
        (f"/runs/{run}/positions", {"limit": "-1"}),
        (f"/runs/{run}/positions", {"node": "x" * 65}),
        (f"/runs/{run}/positions", {"node": "a\0"}),
        (f"/runs/{run}/positions", {"outcome": "\0"}),
        (f"/runs/{run}/trace", {"phone": "\0"}),
        (f"/runs/{run}/positions", {"cursor": "WyJydW5zIiwxXQ"}),  # another list's
    ):
        assert (await api.get(path, **query)).status == 422, (path, query)
    moves = {"version": 1, "mapping": {f"n{n}": "x" for n in range(10_000)}}
    assert (await api.post(f"/runs/{run}/moves", moves)).status == 422


async def test_R26_another_workspaces_runs_and_people_do_not_exist(api: Api) -> None:
    stage = await staged(api)
    run = f"run_{await answered(stage)}"
    (place,) = (await api.get(f"/runs/{run}/positions", outcome="won")).data["items"]
    _, key = await api.other_workspace()
    for method, path, body in (
        ("GET", f"/runs/{run}", None),
        ("GET", f"/runs/{run}/stats", None),
        ("GET", f"/runs/{run}/positions", None),
        ("GET", f"/runs/{run}/trace?phone=%2B5541900000002", None),
        ("GET", f"/positions/{place['id']}", None),
        ("POST", f"/runs/{run}/pause", {}),
        ("POST", f"/runs/{run}/resume", None),
        ("POST", f"/runs/{run}/stop", {}),
        ("POST", f"/runs/{run}/moves/preview", {"version": 1}),
        ("POST", f"/runs/{run}/moves", {"version": 1}),
    ):
        answer = await api.ask(method, path, body, key=key)
        assert (answer.status, answer.data["type"]) == (404, f"{PROBLEM}not-found"), path
    assert (await api.get("/runs", key=key)).data["items"] == []
    assert (await api.get("/runs", key=key, journey_id=f"jrn_{stage.journey}")).data["items"] == []
    assert (await api.get(f"/runs/{run}")).data["status"] == "running"
