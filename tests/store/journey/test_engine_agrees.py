"""The engine on a real database and the dry run's world walk the same way, whatever the graph and whatever happens."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clarion.domain.journey.events import Called, Closed, MessageStatus, Replied
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.world import Person, Sender, World
from clarion.domain.message import Status
from clarion.store.db import Database
from clarion.store.runs import calls, events
from tests.support.journey_engine import Stage, refused
from tests.support.journeys import ANSWERS, BUTTONS, graphs
from tests.support.people import a_list

HOUR = 3_600
ATTRIBUTES = {"name": "Ana", "city": "Recife", "order": "7"}


@dataclass(frozen=True)
class Action:
    """Something the outside does: take, refuse, deliver, read, say, press, pass, answer, close.

    taken: taken, and not looked at before the next thing happens, so that one step hears both.
    """

    kind: str
    value: Any = None


actions = st.lists(
    st.one_of(
        st.sampled_from([Action("take"), Action("take"), Action("taken"), Action("deliver"), Action("read")]),
        st.sampled_from([Action("refuse"), Action("close"), Action("answer", 200), Action("answer", 500)]),
        st.sampled_from(ANSWERS[:8]).map(lambda text: Action("say", text)),
        st.sampled_from(BUTTONS).map(lambda value: Action("press", value)),
        st.sampled_from([2, HOUR + 5, 30 * HOUR, 200 * HOUR]).map(lambda seconds: Action("pass", seconds)),
    ),
    max_size=14,
)

_count = itertools.count(1)


def comparable(graph: Graph, name: str) -> Graph:
    """The graph without what depends on the hour of the day, on another journey, or on how busy the machine is."""
    data = graph.to_json()
    data |= {"name": name, "sender": "main"}
    for node in data["nodes"]:
        if node.get("timeout") == "1s":
            node["timeout"] = "90s"  # the engine's clock goes on while the test is busy
        if node["kind"] == "delay":
            kept = {key: node[key] for key in ("id", "kind")}
            node.clear()
            node.update({**kept, "for": "2h"})
        if node["kind"] == "goto" and "journey" in node:
            kept = node["id"]
            node.clear()
            node.update({"id": kept, "kind": "handoff", "wait": True})
            ways = [edge for edge in data["edges"] if edge["from"] == kept]
            data["edges"] = [
                edge for edge in data["edges"] if edge["from"] != kept or edge is (ways[0] if ways else None)
            ]
            for edge in ways[:1]:
                edge["on"] = "next"
        if node["kind"] == "audience":
            node.pop("triggers", None)
            node.pop("filter", None)
    return read_graph(data)


@pytest.fixture
async def stage(db: Database) -> Stage:
    """A database with one sender that takes free text at any time."""
    stage = Stage(db)
    stage.sender = await _sms(db)
    return stage


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(drawn=graphs(), happened=actions, deaths=st.lists(st.integers(0, 25), max_size=3))
async def test_the_engine_walks_as_the_dry_run_does_wherever_it_is_killed(
    stage: Stage, drawn: Graph, happened: list[Action], deaths: list[int]
) -> None:
    n, stage.deaths = next(_count), deaths
    graph = comparable(drawn, f"Drawn {n}")
    real = Real(stage, graph, n)
    await real.enter()
    await stage.leave()
    world = World(
        graph, start=1_000_000, senders=[Sender("main", provider="twilio", channel="sms", window=0)]
    )
    actor = world.enter(Person(n, f"55419{n:08d}", f"+55419{n:08d}", ATTRIBUTES), remember=True)
    world.advance(world.now)
    for action in happened:
        row = await stage.position(n)
        await real.does(action, row)
        await stage.leave()
        pretend(world, actor, action)
        if action.kind == "taken":
            continue
        row = await stage.position(n)
        assert (row.node, row.visit, row.outcome) == (
            actor.position.node,
            actor.position.visit,
            actor.position.outcome,
        ), (action, await real.trail(), actor.trail)
    await stage.step()
    position = actor.position
    row = await stage.position(n)
    assert json.loads(json.dumps(dict(position.variables))) == _plain(row.variables)
    assert await real.trail() == [
        (left.node, left.visit, left.edge, left.to, left.outcome)
        for left in actor.trail or ()
        if left.edge or left.outcome
    ]
    async with stage.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM position_events") == 0
        assert await tx.scalar(
            "SELECT count(*) FROM messages GROUP BY position_id, visit ORDER BY 1 DESC"
        ) in (None, 1)
    assert await stage.books() == []


class Real:
    """The person in the engine. Once it has ended it hears nothing any more, as in the world."""

    def __init__(self, stage: Stage, graph: Graph, n: int) -> None:
        self.stage, self.graph, self.n = stage, graph, n

    async def enter(self) -> None:
        await a_list(self.stage.db, self.graph.name, [ATTRIBUTES], first=self.n)
        await self.stage.publish(self.graph.to_json())
        await self.stage.start(self.graph.name, lists=(self.graph.name,))

    async def does(self, action: Action, row: Any) -> None:
        stage = self.stage
        match action.kind:
            case "take" | "taken":
                await stage.settle(only=self.n, step=action.kind == "take")
            case "refuse":
                await stage.settle(only=self.n, outcome=refused())
            case "deliver" | "read":
                if row.message_id and await self._left_us(row.message_id):
                    status = Status.DELIVERED if action.kind == "deliver" else Status.READ
                    await stage.receipt(row.message_id, status)
            case "say":
                await stage.say(self.n, action.value)
            case "press":
                await stage.say(self.n, "Yes", payload=action.value)
            case "pass":
                await self._pass(action.value)
            case "answer":
                await self._answer(row, action.value)
            case "close":
                async with stage.db.transaction() as tx:
                    await events.add(tx, [(row.id, "closed", {"visit": row.visit})])
                await stage.step()

    async def _left_us(self, message: int) -> bool:
        async with self.stage.db.reading() as tx:
            return bool(
                await tx.scalar(
                    "SELECT provider_id IS NOT NULL FROM messages WHERE id = :id", {"id": message}
                )
            )

    async def _pass(self, seconds: int) -> None:
        left = seconds * 1_000_000
        while True:
            async with self.stage.db.reading() as tx:
                due = await tx.scalar(
                    "SELECT t.due_at FROM timers t JOIN positions p ON p.id = t.position_id WHERE p.person = :person",
                    {"person": f"55419{self.n:08d}"},
                )
                now = await tx.now()
            if due is None or due - now > left:
                async with self.stage.db.transaction() as tx:
                    await tx.run("UPDATE timers SET due_at = due_at - :by", {"by": left})
                return
            left -= due - now
            async with self.stage.db.transaction() as tx:
                await tx.run("UPDATE timers SET due_at = 1 WHERE due_at = :due", {"due": due})
            await self.stage.step()

    async def _answer(self, row: Any, status: int) -> None:
        said = {"visit": row.visit, "status": status, "body": {"data": {"value": "9"}}, "error": ""}
        async with self.stage.db.transaction() as tx:
            await calls.answered(tx, [(row.id, said)])
        await self.stage.step()

    async def trail(self) -> list[tuple[Any, ...]]:
        async with self.stage.db.reading() as tx:
            rows = await tx.all(
                "SELECT t.node, t.visit, t.edge, t.to_node, t.outcome FROM trails t JOIN positions p "
                "ON p.id = t.position_id WHERE p.person = :person AND (t.edge <> '' OR t.outcome <> '') ORDER BY t.id",
                {"person": f"55419{self.n:08d}"},
            )
        return [tuple(row) for row in rows]


def pretend(world: World, actor: Any, action: Action) -> None:
    """The same in the virtual world."""
    position, mail = actor.position, actor.mail
    match action.kind:
        case "take" | "taken" if mail and not mail.news:
            world.hear(actor, MessageStatus(mail.visit, "accepted"))
        case "refuse" if mail and not mail.news:
            world.hear(actor, MessageStatus(mail.visit, "failed", "131026", "The number cannot be reached."))
        case "deliver" | "read" if mail and mail.news and not mail.lost:
            world.hear(actor, MessageStatus(mail.visit, "delivered" if action.kind == "deliver" else "read"))
        case "say":
            world.hear(actor, Replied(action.value))
        case "press":
            world.hear(actor, Replied("Yes", action.value, "button"))
        case "pass":
            world.advance(world.now + action.value * 1_000_000)
        case "answer" if world.graph.by_id[position.node].kind == "api":
            world.hear(actor, Called(position.visit, action.value, {"data": {"value": "9"}}))
        case "close":
            world.hear(actor, Closed(position.visit))
    world.advance(world.now)


def _plain(variables: Any) -> Any:
    return json.loads(variables) if isinstance(variables, str) else variables


async def _sms(db: Database) -> int:
    async with db.transaction() as tx:
        sender = await tx.scalar(
            "INSERT INTO senders (workspace_id, name, provider, account, secrets) "
            "VALUES (1, 'main', 'twilio', 'AC1', 'sealed') RETURNING id"
        )
        await tx.run("INSERT INTO timelines (sender_id, rate, pace) VALUES (:id, 0, 0)", {"id": sender})
    return int(sender)
