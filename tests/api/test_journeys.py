"""Journeys over the API: drafts that two people edit, versions, what differs, and graphs that mean harm."""

import json
import time
from typing import Any

from clarion.services.senders import add_sender
from tests.support.api import Answer, Api

PROBLEM = "urn:clarion:problem:"


def asking(name: str = "Ask", body: str = "{{ name }}") -> dict[str, Any]:
    """Ask, wait a day, thank whoever says yes, hand over whoever asks for a person."""
    return {
        "format": "clarion.journey/1",
        "name": name,
        "sender": "wa",
        "nodes": [
            {"id": "start", "kind": "audience", "lists": ["people"], "api": True},
            {
                "id": "ask",
                "kind": "message",
                "content": {
                    "type": "template",
                    "name": "hello",
                    "language": "en_US",
                    "body": [{"name": "1", "value": body}],
                },
            },
            {"id": "answer", "kind": "wait", "timeout": "1d"},
            {"id": "thanks", "kind": "message", "content": {"type": "text", "body": "Thank you"}},
            {"id": "person", "kind": "handoff", "wait": True, "note": "wants a person"},
            {"id": "won", "kind": "end", "outcome": "won"},
            {"id": "silent", "kind": "end", "outcome": "silent"},
        ],
        "edges": [
            {"from": "start", "to": "ask", "on": "next"},
            {"from": "ask", "to": "answer", "on": "next"},
            {"from": "answer", "to": "thanks", "on": "keywords", "words": ["yes"]},
            {"from": "answer", "to": "person", "on": "keywords", "words": ["person"]},
            {"from": "answer", "to": "silent", "on": "timeout"},
            {"from": "thanks", "to": "won", "on": "next"},
            {"from": "person", "to": "won", "on": "next"},
        ],
    }


async def ready(api: Api) -> None:
    """The sender, list and template that the journey names."""
    await add_sender(
        api.db,
        api.box,
        workspace=1,
        name="wa",
        provider="whatsapp",
        account="100000000000001",
        config={"waba_id": "200000000000001"},
        secrets={"token": "t", "app_secret": "s", "verify_token": "v"},
        rate=0,
    )
    async with api.db.transaction() as tx:
        await tx.run("INSERT INTO lists (workspace_id, name) VALUES (1, 'people')")
        await tx.run(
            "INSERT INTO contacts (workspace_id, address, person, attributes) "
            "VALUES (1, '+447700900001', '447700900001', '{\"name\": \"Ana\"}')"
        )
        await tx.run(
            "INSERT INTO list_members (list_id, contact_id) SELECT l.id, c.id FROM lists l, contacts c "
            "WHERE l.name = 'people'"
        )
        await tx.run(
            "INSERT INTO templates (workspace_id, provider, account, provider_id, name, language, status, variables, "
            "text) VALUES (1, 'whatsapp', '200000000000001', 't1', 'hello', 'en_US', 'APPROVED', '[\"body.1\"]', "
            "'Hello {{1}}, did it arrive?')"
        )


def places(answer: Answer) -> list[tuple[str, str]]:
    """Node and field of each problem."""
    return [(each.get("node", ""), each.get("field", "")) for each in answer.data["errors"]]


async def test_a_journey_is_made_published_compared_and_removed(api: Api) -> None:
    await ready(api)
    made = await api.post("/journeys", {"graph": asking()})
    assert made.status == 201
    journey = made.data
    assert made.headers["Location"].endswith(f"/journeys/{journey['id']}")
    assert (journey["status"], journey["version"], journey["problems"]) == ("draft", None, [])
    assert journey["graph"]["nodes"][1]["content"]["name"] == "hello"

    published = await api.post(f"/journeys/{journey['id']}/versions", {"note": "first"})
    assert (published.status, published.data["number"], published.data["fresh"]) == (201, 1, True)
    again = await api.made(f"/journeys/{journey['id']}/versions", {})
    assert (again["number"], again["fresh"]) == (1, False)

    graph = asking(body="dear {{ name }}")
    graph["nodes"][2]["timeout"] = "2d"
    graph["nodes"].append({"id": "lost", "kind": "end", "outcome": "lost"})
    graph["edges"][2], graph["edges"][3] = graph["edges"][3], graph["edges"][2]
    graph["edges"].append({"from": "ask", "to": "lost", "on": "failed"})
    graph["edges"].pop(6)
    saved = await api.put(f"/journeys/{journey['id']}/draft", {"graph": graph}, headers={"If-Match": "*"})
    assert (saved.status, saved.data["status"]) == (200, "changed")
    found = (await api.get(f"/journeys/{journey['id']}/diff", **{"from": "1"})).data
    assert (found["nodes_added"], found["nodes_removed"]) == (["lost"], [])
    assert {each["node"]: each["fields"] for each in found["nodes_changed"]} == {
        "ask": ["content"],
        "answer": ["timeout"],
    }
    assert found["edges_added"] == [{"node": "ask", "key": "failed"}]
    assert found["edges_removed"] == [{"node": "person", "key": "next"}]
    assert {each["key"]: each["fields"] for each in found["edges_changed"]} == {
        "keywords yes": ["order"],
        "keywords person": ["order"],
    }
    assert (await api.get(f"/journeys/{journey['id']}/diff", **{"from": "7"})).status == 404

    listed = (await api.get("/journeys")).data["items"]
    assert [(each["name"], each["status"], each["version"]) for each in listed] == [("Ask", "changed", 1)]
    versions = (await api.get(f"/journeys/{journey['id']}/versions")).data["items"]
    assert [(each["number"], each["note"]) for each in versions] == [(1, "first")]
    first = (await api.get(f"/journeys/{journey['id']}/versions/1")).data
    assert (
        first["graph"] == (await api.get(f"/journeys/{journey['id']}/export", version="1")).data == asking()
    )

    copy = await api.made(f"/journeys/{journey['id']}/copy", {"name": "Ask again"})
    assert copy["graph"]["name"] == copy["name"] == "Ask again"
    taken = await api.post(f"/journeys/{journey['id']}/copy", {"name": "Ask again"})
    assert (taken.status, taken.data["type"]) == (409, f"{PROBLEM}already-exists")
    assert (await api.patch(f"/journeys/{copy['id']}", {"name": "Ask"})).status == 409
    renamed = await api.patch(f"/journeys/{copy['id']}", {"name": "Other"})
    assert (renamed.data["name"], renamed.data["graph"]["name"]) == ("Other", "Other")
    page = await api.get("/journeys", limit="1")
    rest = await api.get("/journeys", limit="1", cursor=page.data["next_cursor"])
    assert [p.data["items"][0]["name"] for p in (page, rest)] == ["Other", "Ask"]
    assert rest.data["next_cursor"] is None

    assert (await api.delete(f"/journeys/{copy['id']}")).status == 204
    assert (await api.get(f"/journeys/{copy['id']}")).status == 404


async def test_two_people_edit_one_draft_and_neither_overwrites_the_other(api: Api) -> None:
    made = await api.post("/journeys", {"graph": asking()})
    path, seen = f"/journeys/{made.data['id']}/draft", made.headers["ETag"]
    assert (await api.get(f"/journeys/{made.data['id']}")).headers["ETag"] == seen
    without = await api.put(path, {"graph": asking()})
    assert (without.status, without.data["type"]) == (428, f"{PROBLEM}precondition-required")
    first = await api.put(path, {"graph": asking(body="Mine")}, headers={"If-Match": seen})
    assert first.status == 200
    assert first.headers["ETag"] != seen
    second = await api.put(path, {"graph": asking(body="Theirs")}, headers={"If-Match": seen})
    assert (second.status, second.data["type"]) == (412, f"{PROBLEM}changed")
    assert (
        await api.put(path, {"graph": asking()}, headers={"If-Match": f"W/{first.headers['ETag']}"})
    ).status == 412
    publish = await api.post(f"/journeys/{made.data['id']}/versions", {}, headers={"If-Match": seen})
    assert publish.status == 412
    held = (await api.get(f"/journeys/{made.data['id']}")).data["graph"]
    assert held["nodes"][1]["content"]["body"][0]["value"] == "Mine"
    renamed = await api.put(path, {"graph": asking("Another")}, headers={"If-Match": first.headers["ETag"]})
    assert (renamed.status, renamed.data["name"]) == (200, "Ask")  # it keeps its name


async def test_a_draft_with_errors_is_saved_and_not_published(api: Api) -> None:
    graph = asking()
    graph["edges"][2]["to"] = "nowhere"
    made = await api.made("/journeys", {"graph": graph})
    assert ("answer", "error") in {(each["node"], each["level"]) for each in made["problems"]}
    refused = await api.post(f"/journeys/{made['id']}/versions", {})
    assert (refused.status, refused.data["type"]) == (422, f"{PROBLEM}bad-graph")
    wrong = next(each for each in refused.data["errors"] if "nowhere" in each["detail"])
    assert (wrong["node"], wrong["pointer"], wrong["level"]) == ("answer", "#/graph", "error")
    assert wrong["edge"]
    assert (await api.get(f"/journeys/{made['id']}")).data["version"] is None
    start = await api.post(f"/journeys/{made['id']}/runs", {})
    assert (start.status, start.data["type"]) == (409, f"{PROBLEM}journey-refused")


def deep_condition(levels: int) -> bytes:
    inner = '{"not": ' * levels + '{"tag": "x"}' + "}" * levels
    graph = json.dumps(asking()).replace('"lists": ["people"]', f'"filter": {inner}')
    return f'{{"graph": {graph}}}'.encode()


def many_nodes(count: int) -> bytes:
    graph = asking()
    graph["nodes"] += [{"id": f"n{n}", "kind": "end"} for n in range(count)]
    return json.dumps({"graph": graph}).encode()


def circle() -> bytes:
    graph = asking()
    graph["nodes"].append({"id": "round", "kind": "update", "add_tags": ["x"]})
    graph["edges"][5] = {"from": "thanks", "to": "round", "on": "next"}
    graph["edges"].append({"from": "round", "to": "round", "on": "next"})
    return json.dumps({"graph": graph}).encode()


def changed(change: Any) -> bytes:
    graph = asking()
    change(graph)
    return json.dumps({"graph": graph}).encode()


HARM = {
    "a circle without a wait": (circle(), 200, "round"),
    "an edge to a missing node": (changed(lambda g: g["edges"][0].update(to="gone")), 200, "gone"),
    "two starts": (changed(lambda g: g["nodes"].append({"id": "s2", "kind": "audience"})), 200, "s2"),
    "an unknown kind": (
        changed(lambda g: g["nodes"].append({"id": "x", "kind": "teleport"})),
        200,
        "teleport",
    ),
    "100,000 nodes": (many_nodes(100_000), 200, "nodes"),
    "a 100-deep condition": (deep_condition(100), 200, "start"),
    "a 10,000-deep condition": (deep_condition(10_000), 400, "line 1, column"),
}


async def test_R16_graphs_that_mean_harm_are_refused_quickly_with_the_place(api: Api) -> None:
    made = await api.made("/journeys", {"graph": asking()})
    path, as_json = f"/journeys/{made['id']}/draft", {"Content-Type": "application/json"}
    for name, (raw, status, place) in HARM.items():
        began = time.monotonic()
        told = await api.ask("POST", "/journeys/validation", raw=raw, headers=as_json)
        assert told.status == status, name
        assert place in json.dumps(told.data), name
        assert status != 200 or told.data["ok"] is False, name
        saved = await api.ask("PUT", path, raw=raw, headers={**as_json, "If-Match": "*"})
        if saved.status == 200:  # a draft may have such problems; nobody will meet them
            saved = await api.post(f"/journeys/{made['id']}/versions", {})
        assert saved.status in (400, 422), name
        assert place in json.dumps(saved.data), name
        assert time.monotonic() - began < 5, name
    assert (await api.get(f"/journeys/{made['id']}")).data["version"] is None


async def test_files_of_other_systems_are_brought_in_with_a_report(api: Api) -> None:
    flow = {
        "description": "Pizza",
        "initial_state": "Trigger",
        "states": [
            {
                "name": "Trigger",
                "type": "trigger",
                "transitions": [{"event": "incomingMessage", "next": "hello"}],
                "properties": {},
            },
            {
                "name": "hello",
                "type": "send-message",
                "transitions": [{"event": "sent"}],
                "properties": {"body": "Hello"},
            },
        ],
    }
    looked = await api.post("/journeys/import", {"file": flow, "check": True, "sender": "wa"})
    assert (looked.status, looked.data["kind"], looked.data["journey"]) == (200, "studio", None)
    made = await api.post("/journeys/import", {"file": flow, "name": "Pizza time"})
    assert (made.status, made.data["journey"]["name"]) == (201, "Pizza time")
    assert {each["level"] for each in made.data["report"]} <= {"carried", "changed", "lost"}
    ours = await api.post("/journeys/import", {"file": asking(), "name": "Mine"})
    assert (ours.status, ours.data["kind"], ours.data["journey"]["name"]) == (201, "clarion", "Mine")
    assert (await api.post("/journeys/import", {"file": {"a": 1}})).status == 422
    assert (await api.post("/journeys/import", {"file": asking(), "name": "Mine"})).status == 409


async def test_a_builder_learns_everything_about_nodes(api: Api) -> None:
    kinds = (await api.get("/journeys/node-kinds")).data
    assert [each["kind"] for each in kinds["nodes"]][:3] == ["audience", "message", "wait"]
    wait = kinds["nodes"][2]
    assert (wait["listens"], wait["defaults"]["timeout"], "fallback" in wait["ports"]) == (True, "", True)
    assert wait["json_schema"]["properties"]["timeout"]["description"]
    assert "for" in next(each for each in kinds["nodes"] if each["kind"] == "delay")["defaults"]
    assert [each["on"] for each in kinds["edges"] if each["answers"]] == [
        "payload",
        "keywords",
        "regex",
        "fallback",
    ]
    assert kinds["json_schema"]["properties"]["nodes"]


async def test_people_are_sent_through_a_journey_virtually(api: Api) -> None:
    await ready(api)
    made = await api.made("/journeys", {"graph": asking()})
    path = f"/journeys/{made['id']}/simulations"
    given = {
        "people": 200,
        "behaviour": {"replies": "text:yes=60%,stop=10%", "messages": {"failed": "0%"}},
        "follow": "3d",
    }
    found = await api.made(path, given)
    assert (found["people"], found["here"], found["troubled"]) == (200, 0, False)
    assert sum(found["outcomes"].values()) == 200
    assert 80 < found["outcomes"]["won"] < 160
    assert found == {
        **await api.made(path, given),
        **{n: found[n] for n in ("started_at", "until", "finished_at")},
    }
    own = await api.made(path, {})
    assert (own["people"], own["skipped"]) == (1, {})
    for wrong, place in (
        ({"behaviour": {"replies": "text:yes=160%"}}, "#/behaviour"),
        ({"follow": "soon"}, "#/follow"),
        ({"lists": ["lst_99"]}, "#/lists/0"),
        ({"people": 10_001}, "#/people"),
    ):
        refused = await api.post(path, wrong)
        assert (refused.status, refused.data["errors"][0]["pointer"]) == (422, place)


async def test_a_reply_is_tried_and_every_edge_says_why(api: Api) -> None:
    await ready(api)
    person = {"attributes": {"name": "Ana"}}
    first = await api.made("/journeys/trials", {"graph": asking(), "person": person})
    said = next(each for each in first["lines"] if each["kind"] == "message")
    assert (said["node"], said["text"]) == ("ask", "Hello Ana, did it arrive?")
    standing = first["standing"]
    assert (standing["node"], standing["waits_for"], standing["has_window"]) == ("answer", "reply", True)
    assert standing["timer_at"] > first["started_at"]

    events: list[dict[str, Any]] = [{"do": "reply", "text": "a person, please"}]
    walk = {"graph": asking(), "person": person, "start": first["started_at"]}
    second = await api.made("/journeys/trials", {**walk, "events": events})
    step = next(each for each in second["lines"] if each["event"] == "replied")
    assert [(each["edge"], each["taken"]) for each in step["tried"]] == [
        ("keywords yes", False),
        ("keywords person", True),
    ]
    assert (second["standing"]["node"], second["standing"]["waits_for"]) == ("person", "close")
    closed = await api.made("/journeys/trials", {**walk, "events": [*events, {"do": "close"}]})
    assert closed["standing"]["outcome"] == "won"
    late = await api.made("/journeys/trials", {**walk, "events": [{"do": "wait", "span": "25h"}]})
    assert (late["standing"]["outcome"], late["standing"]["waits_for"]) == ("silent", "nothing")

    for wrong, place in (
        ([{"do": "wait", "span": "1d"}, {"do": "reply", "text": "x"}], "#/events/1"),
        ([{"do": "answer"}], "#/events/0"),
        ([{"do": "dance"}], "#/events/0"),
        ([{"do": "wait", "span": "soon"}], "#/events/0/span"),
    ):
        refused = await api.post("/journeys/trials", {**walk, "events": wrong})
        assert (refused.status, refused.data["errors"][0]["pointer"]) == (422, place)
    assert (await api.post("/journeys/trials", {"person": person})).status == 422
    nobody = {**asking(), "nodes": asking()["nodes"][1:]}
    assert (await api.post("/journeys/trials", {"graph": nobody})).data["type"] == f"{PROBLEM}bad-graph"
    broken = asking(body="{{ name | nonsense")
    assert (await api.post("/journeys/trials", {"graph": broken})).status == 422


async def test_R09_lists_of_journeys_keep_their_limits(api: Api) -> None:
    for query in ({"limit": "1000000000"}, {"limit": "-1"}, {"cursor": "x"}, {"limit": "0"}):
        refused = await api.get("/journeys", **query)
        assert refused.status == 422, query


async def test_R26_another_workspaces_journey_does_not_exist(api: Api) -> None:
    made = await api.made("/journeys", {"graph": asking()})
    _, key = await api.other_workspace()
    path = f"/journeys/{made['id']}"
    for method, end, body in (
        ("GET", "", None),
        ("PUT", "/draft", {"graph": asking()}),
        ("PATCH", "", {"name": "Stolen"}),
        ("DELETE", "", None),
        ("POST", "/versions", {}),
        ("POST", "/copy", {"name": "Mine"}),
        ("GET", "/export", None),
        ("POST", "/simulations", {"people": 1}),
        ("POST", "/runs", {}),
    ):
        answer = await api.ask(method, path + end, body, key=key, headers={"If-Match": "*"})
        assert (answer.status, answer.data["type"]) == (404, f"{PROBLEM}not-found"), (method, end)
    tried = await api.post("/journeys/trials", {"journey_id": made["id"]}, key=key)
    assert (tried.status, tried.data["errors"][0]["pointer"]) == (422, "#/journey_id")
    assert (await api.get("/journeys", key=key)).data["items"] == []
    assert (await api.get(path)).data["name"] == "Ask"
