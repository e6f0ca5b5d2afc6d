"""The real engine without a network: people enter, messages are settled and replies arrive when the test says so."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from clarion.domain.journey.graph import read_graph
from clarion.domain.message import Status
from clarion.domain.sending import Accepted, Fault, FaultKind, Outcome, Rejected
from clarion.providers.base import Reply
from clarion.services.journeys.letting_in import LettingIn
from clarion.services.journeys.runs import finish_runs, start_run
from clarion.services.journeys.stepping import Stepping
from clarion.services.receiving import people
from clarion.store import dialect, receipts
from clarion.store.books import check_books
from clarion.store.counts import Moves
from clarion.store.db import Database, Tx
from clarion.store.inbox import Stored
from clarion.store.outbox.settle import Result, settle
from clarion.store.receipts import Heard
from tests.support.people import Woken, a_list, a_sender


class Killed(BaseException):
    """The process is gone: nothing of ours catches it."""


class Dying(Database):
    """The same database, for a process that is killed at its n-th statement in a transaction, before the commit."""

    def __init__(self, db: Database, after: int) -> None:  # the connections are those of `db`
        self.url, self.name, self.single_writer, self._store = db.url, db.name, db.single_writer, db._store
        self._left = after

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self._store.writing() as execute:

            async def mortal(statement: Any, params: Any) -> Any:
                self._left -= 1
                if self._left < 0:
                    raise Killed
                return await execute(statement, params)

            yield Tx(self.name, mortal)
            if self._left == 0:
                raise Killed


@dataclass
class Stage:
    """One journey in a database, with the people of the list `everyone`.

    `deaths`: before each step, processes that are killed after so many statements try it.
    """

    db: Database
    woken: Woken = field(default_factory=Woken)
    sender: int = 0
    journey: int = 0
    replies: int = 0
    deaths: Sequence[int] = ()

    async def set(self, graph: Mapping[str, Any], people: Sequence[dict[str, Any]] = ()) -> None:
        """Make sender `main`, the list `everyone`, and publish the journey."""
        self.sender = self.sender or await a_sender(self.db, name="main", rate=0)
        if people:
            await a_list(self.db, "everyone", people)
        self.journey = await self.publish(graph)

    async def publish(self, graph: Mapping[str, Any]) -> int:
        """A new version of the journey of that name; the journey's id."""
        parsed = read_graph(graph)
        start = parsed.by_id[parsed.start]
        triggers = [trigger.model_dump(mode="json") for trigger in getattr(start, "triggers", ())]
        async with self.db.transaction() as tx:
            values = {"name": parsed.name, "graph": json.dumps(parsed.to_json()), "t": json.dumps(triggers)}
            as_json = {key: dialect.json_of(tx.name, f":{key}") for key in ("graph", "t")}
            await tx.run(
                "INSERT INTO journeys (workspace_id, name, draft) "
                f"VALUES (1, :name, {as_json['graph']}) ON CONFLICT (workspace_id, name) DO NOTHING",
                {"name": parsed.name, "graph": values["graph"]},
            )
            journey = await tx.scalar("SELECT id FROM journeys WHERE name = :name", {"name": parsed.name})
            version = await tx.scalar(
                "INSERT INTO journey_versions (journey_id, number, graph) "
                f"SELECT id, (SELECT count(*) + 1 FROM journey_versions v WHERE v.journey_id = :j), {as_json['graph']} "
                "FROM journeys WHERE id = :j RETURNING id",
                {"j": journey, "graph": values["graph"]},
            )
            await tx.run(
                f"UPDATE journeys SET version_id = :v, triggers = {as_json['t']}, sender_id = :s WHERE id = :j",
                {"v": version, "t": values["t"], "s": self.sender, "j": journey},
            )
        return int(journey)

    async def start(self, journey: str = "test", *, lists: Sequence[str] = ("everyone",)) -> int:
        """Start it, let everybody in and move them to where they come to rest; the run's id."""
        run = await start_run(self.db, self.woken, journey, lists=lists)
        entering = LettingIn(self.db, self.woken, batch=3)
        while await entering.batch(run):
            pass
        await self.step()
        return run

    async def step(self) -> int | None:
        """Let the engine move whoever has something to hear; microseconds until the next timer."""
        for after in self.deaths:
            with contextlib.suppress(Killed):
                await Stepping(Dying(self.db, after), self.woken).work()
        return await Stepping(self.db, self.woken).work()

    async def clear(self, run: int) -> None:
        """Do what the lane of a stopped run does."""
        entering = LettingIn(self.db, self.woken, batch=3)
        while await entering.batch(run):
            pass
        await self.step()
        await finish_runs(self.db)

    async def leave(self) -> None:
        """What is queued is on its way, and the provider has not answered yet."""
        async with self.db.transaction() as tx:
            await tx.run(
                "UPDATE outbox SET state = 'sending', attempts = 1, attempt_id = 'a' || cast(message_id AS text) "
                "WHERE state = 'queued'"
            )

    async def settle(self, *, only: int = 0, outcome: Outcome | None = None, step: bool = True) -> int:
        """The provider takes what is queued (of one person, or of everybody), or answers `outcome`; how many."""
        person = f"55419{only:08d}" if only else ""
        async with self.db.transaction() as tx:
            rows = await tx.all(
                "UPDATE outbox SET state = 'sending', attempts = 1, attempt_id = 'a' || cast(message_id AS text) "
                "WHERE state IN ('queued', 'sending') AND (:person = '' OR person = :person) "
                "RETURNING message_id, attempt_id",
                {"person": person},
            )
            results = [
                Result(row.message_id, row.attempt_id, outcome or Accepted(f"wamid.{row.message_id}"))
                for row in rows
            ]
            if results:
                await settle(tx, results, limit=3, first_look=1_000_000, chance=lambda: 0.5)
        if step:
            await self.step()
        return len(rows)

    async def receipt(self, message_id: int, status: Status, *, code: str = "") -> None:
        """The provider's word on a message, applied and stepped."""
        fault = Fault(FaultKind.RECIPIENT, code, "unreachable") if code else None
        await self.receipt_only(message_id, status, fault)
        await self.step()

    async def receipt_only(self, message_id: int, status: Status, fault: Fault | None = None) -> None:
        """The same without moving anybody."""
        async with self.db.transaction() as tx:
            heard = Heard(1, frozenset({self.sender}), f"wamid.{message_id}", "", status, 0, fault)
            await receipts.apply(tx, [heard], Moves())

    async def say(
        self,
        who: int,
        text: str = "",
        *,
        payload: str = "",
        quoted: int = 0,
        kind: str = "text",
        again: bool = False,
    ) -> str:
        """A person writes (or, `again`, the webhook of their last message is repeated); where it was routed."""
        await self.hear(who, text, payload=payload, quoted=quoted, kind=kind, again=again)
        await self.step()
        return await self.routed()

    async def hear(
        self,
        who: int,
        text: str = "",
        *,
        payload: str = "",
        quoted: int = 0,
        kind: str = "text",
        again: bool = False,
    ) -> None:
        """The same, stored and routed, with nobody moved yet."""
        self.replies += 0 if again else 1
        reply = Reply(
            provider_id=f"in.{self.replies}",
            address=f"+55419{who:08d}",
            user_id="",
            to="",
            at=0,
            kind="button" if payload and kind == "text" else kind,
            text=text,
            payload=payload,
            quoted=f"wamid.{quoted}" if quoted else "",
        )
        stored = Stored(1, "whatsapp", "a", "reply", "k", "{}", frozenset({self.sender}), 0, 0)
        async with self.db.transaction() as tx:
            await people.take_replies(tx, [(stored, reply)], Moves())

    async def routed(self) -> str:
        """Where the newest reply went."""
        async with self.db.reading() as tx:
            return str(await tx.scalar("SELECT routed FROM replies ORDER BY id DESC LIMIT 1"))

    async def wait(self, seconds: float) -> None:
        """Time passes: every timer comes this much nearer, and those that are due fire."""
        async with self.db.transaction() as tx:
            await tx.run("UPDATE timers SET due_at = due_at - :by", {"by": int(seconds * 1_000_000)})
        await self.step()

    async def where(self) -> dict[str, int]:
        """How many people stand at which node; ended ones under `=outcome`."""
        async with self.db.reading() as tx:
            rows = await tx.all(
                "SELECT CASE WHEN outcome = '' THEN node ELSE '=' || outcome END AS place, count(*) AS n "
                "FROM positions GROUP BY 1"
            )
        return {row.place: row.n for row in rows}

    async def position(self, who: int) -> Any:
        """The newest position of the n-th person."""
        async with self.db.reading() as tx:
            return await tx.first(
                "SELECT * FROM positions WHERE person = :person ORDER BY id DESC LIMIT 1",
                {"person": f"55419{who:08d}"},
            )

    async def messages(self) -> list[tuple[str, str]]:
        """(person's number n, text or template) of every message, in the order they were written."""
        async with self.db.reading() as tx:
            rows = await tx.all("SELECT person, content FROM messages ORDER BY id")
        contents = [dialect.json_value(row.content) for row in rows]
        return [
            (str(int(row.person.removeprefix("55419"))), content.get("body") or content["name"])
            for row, content in zip(rows, contents, strict=True)
        ]

    async def books(self) -> list[str]:
        """Everything that does not balance."""
        return await check_books(self.db)


def refused(code: str = "131026") -> Rejected:
    """The provider's refusal of one person."""
    return Rejected(Fault(FaultKind.RECIPIENT, code, "The number cannot be reached."))
