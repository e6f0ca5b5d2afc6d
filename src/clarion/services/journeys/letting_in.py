"""The body of a `run:<id>` lane: let an audience in, batch by batch; or clear a run that was stopped."""

from collections.abc import Sequence
from typing import Any

from clarion.domain.journey.conditions import Condition
from clarion.domain.journey.entry import entry_key
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.position import Facts
from clarion.services.journeys.versions import Versions
from clarion.services.ports import Waker
from clarion.store import audience, dialect
from clarion.store.db import Database, Tx
from clarion.store.runs import entrants, events, parking, positions, runs


class LettingIn:
    """Works on runs that are not complete. Safe to repeat and to kill: people and cursor commit together."""

    def __init__(self, db: Database, waker: Waker, *, batch: int) -> None:
        self._db, self._waker, self._size = db, waker, batch
        self._versions = Versions(keep=20)

    async def batch(self, run_id: int) -> bool:
        """Do the run's next batch; True while there is more."""

        async def work() -> bool:
            async with self._db.transaction() as tx:
                run = await runs.lock(tx, run_id)
                if run.status == "stopped":
                    return await self._clear(tx, run)
                if run.status != "running" or run.expanded:
                    return False
                return await self._let_in(tx, run)

        more = await self._db.persist(work)
        self._waker.wake("step")
        return more

    async def _let_in(self, tx: Tx, run: Any) -> bool:
        version = (await self._versions.load(tx, [run.version_id]))[run.version_id]
        start = version.graph.by_id[version.graph.start]
        assert isinstance(start, Audience)
        people = audience.of_lists(dialect.json_value(run.lists))
        upto, met = await audience.reach(tx, people, after=run.cursor, bound=run.bound, limit=self._size)
        contacts = await entrants.between(tx, people, after=run.cursor, upto=upto)
        wanted = contacts
        if start.filter is not None:
            wanted = await _fitting(tx, contacts, start.filter)
        where = positions.Entering(
            run_id=run.id,
            workspace_id=run.workspace_id,
            journey_id=run.journey_id,
            version_id=run.version_id,
            sender_id=await entrants.sender_of(tx, run.workspace_id, version.graph.sender),
            node=version.graph.start,
            entry=entry_key(start.reentry, f"run:{run.id}"),
        )
        made = await positions.enter(tx, where, wanted)
        over = upto >= run.bound
        await runs.grew(tx, run.id, cursor=upto, skipped=met - len(made), expanded=over)
        return not over

    async def _clear(self, tx: Tx, run: Any) -> bool:
        """End everybody's journey, and cancel what was not sent. The cursor walks the positions once."""
        cancelled = await parking.cancel(tx, run.id, self._size)
        after = run.cursor if run.bound == -1 else 0
        last = await events.stop_run(tx, run.id, after=after, limit=self._size, reason=run.status_reason)
        await entrants.remember_clearing(tx, run.id, last)
        return bool(cancelled or last)


async def _fitting(tx: Tx, contacts: Sequence[int], wanted: Condition) -> list[int]:
    """Those of whom the condition is true."""
    found = []
    for row in await entrants.known(tx, contacts):
        facts = Facts(
            now=0,
            person=row.person,
            address=row.address,
            attributes=dialect.json_value(row.attributes),
            language=row.language,
            timezone=row.timezone,
            tags=frozenset(dialect.json_value(row.tags)),
            lists=frozenset(row.lists),
            opted_out=bool(row.opted_out),
        )
        if wanted.holds(facts, {}):
            found.append(row.id)
    return found
