"""The body of the `step` lane: events and due timers move positions, a batch in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from clarion.domain.journey.effects import Call, SetTimer, UpdateContact
from clarion.domain.journey.events import Event, Replied, Stopped, TimerFired, from_json
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.position import FAILED, Facts, Position
from clarion.domain.journey.routing import Route, Routed
from clarion.domain.journey.step import Left, Verdict, step
from clarion.services.journeys.applying import Applied, Asked, apply, send
from clarion.services.journeys.facts import KnownSenders, load_facts
from clarion.services.journeys.versions import Versions
from clarion.services.ports import UNWATCHED, Meters, Waker
from clarion.store import dialect
from clarion.store.db import Database, Tx
from clarion.store.runs import calls, counts, due, events, parking, positions, routing, timers, told, trails
from clarion.store.runs.events import Due

log = structlog.get_logger()

BATCH = 250
BATCH_ALONE = 100  # with a single writer, marks and claims wait for it
_BUSY = 5_000  # microseconds before another look at what another worker holds


@dataclass(slots=True)
class _Batch:
    """What the steps of a batch add up to."""

    moved: dict[int, positions.Moved] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    trail: list[tuple[int, Left, int]] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    ended: list[Any] = field(default_factory=list)
    routed: list[tuple[int, Routed]] = field(default_factory=list)
    returned: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    ways: counts.Ways = field(default_factory=counts.Ways)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a batch found: whether to look again at once, else microseconds until there is more to do."""

    more: bool
    due: int | None


class Stepping:
    """Moves positions. Any number may run at once: each takes positions the others skip."""

    def __init__(self, db: Database, waker: Waker, *, meters: Meters = UNWATCHED) -> None:
        self._db, self._waker, self._meters = db, waker, meters
        self._versions = Versions()
        self._senders = KnownSenders()
        self._stopping = False

    async def work(self) -> int | None:
        """Move all that have an event or a due timer; microseconds until the next timer, None if there is none."""
        size = BATCH_ALONE if self._db.single_writer else BATCH
        while not self._stopping:
            found = await self._batch(size)
            if not found.more:
                return found.due
        return None

    def stop(self) -> None:
        """Begin no further batch: the process is about to end."""
        self._stopping = True

    async def _batch(self, size: int) -> "_Found":
        """One transaction for a batch; if it breaks, one position at a time, so that only the poison is set aside."""
        taken: list[int] = []
        try:
            return await self._db.persist(lambda: self._take(size, taken))
        except Exception as error:
            if not taken:
                raise
            log.warning("run.batch_broke", positions=len(taken), error=type(error).__name__)
        for ident in taken:
            await self._alone(ident)
        return _Found(more=False, due=_BUSY)

    async def _alone(self, ident: int) -> None:
        try:
            await self._db.persist(lambda: self._again(ident))
        except Exception as error:
            log.exception("run.position_broke", position_id=ident)
            async with self._db.transaction() as tx:
                if await events.failed(tx, ident) >= events.MOST_TRIES:
                    await self._give_up(tx, ident, type(error).__name__)

    async def _again(self, ident: int) -> None:
        async with self._db.transaction() as tx:
            applied = await self._move(tx, [ident], {ident})
        self._tell(applied)

    async def _give_up(self, tx: Tx, ident: int, error: str) -> None:
        """The position's event broke us three times: it ends here, and nobody else suffers."""
        reason = f"an error of our own ({error}) happened three times"
        rows = await positions.lock(tx, [ident])
        unheard = [each.id for each in await events.of(tx, [ident])]
        if rows:
            await self._write(tx, _ended(rows[0], reason, unheard), await tx.now())

    async def _take(self, size: int, taken: list[int]) -> "_Found":
        """Move up to `size` positions that have events and as many with due timers.

        They are in `taken` before anything can break.
        """
        async with self._db.transaction() as tx:
            taken[:], timed = await due.positions(tx, size)
            applied = await self._move(tx, taken, timed) if taken else Applied()
            more = len(taken) >= size or applied.more
            later = None if more else await timers.next_due(tx)
        self._tell(applied)
        if taken and not applied.met:
            return _Found(more=False, due=_BUSY)  # others hold them all
        return _Found(more, later if later is None else max(later, _BUSY))

    async def _move(self, tx: Tx, ids: Sequence[int], timed: Collection[int]) -> Applied:
        """Let these positions hear what they have; `timed` ones may have a due timer."""
        rows = await positions.lock(tx, ids)
        await parking.stand_aside(tx, [row.id for row in rows if row.run_status == "paused"])
        applied = await self._hear(tx, [row for row in rows if row.run_status != "paused"], timed)
        applied.met = len(rows)
        return applied

    async def _hear(self, tx: Tx, rows: Sequence[Any], timed: Collection[int]) -> Applied:
        applied = Applied()
        if not rows:
            return applied
        now = max(row.now for row in rows)
        heard: defaultdict[int, list[Due]] = defaultdict(list)
        for each in await events.of(tx, [row.id for row in rows]):
            heard[each.position_id].append(each)
        fired = await timers.of(tx, [row.id for row in rows if row.id in timed], now)
        writing = {position for position, found in heard.items() if any(e.kind == "replied" for e in found)}
        versions = await self._versions.load(tx, {row.version_id for row in rows})
        senders = await self._senders.of(tx, rows, versions)
        facts = await load_facts(tx, rows, versions, senders, writing, now)
        batch = _Batch()
        for row in rows:
            graph = versions[row.version_id].graph
            _walk(batch, row, graph, facts[row.id], heard[row.id], fired.get(row.id), now)
        batch.left = list({*batch.left, *fired})
        batch.asked = [asked for asked in batch.asked if _timely(asked, batch)]
        applied.more = bool(batch.returned)
        for ident, (message, sender) in (await send(tx, batch.asked, senders, now, applied)).items():
            batch.moved[ident] = replace(batch.moved[ident], message_id=message, sender_id=sender)
        await self._write(tx, batch, now)
        await apply(tx, batch.asked, now, applied)
        return applied

    async def _write(self, tx: Tx, batch: _Batch, now: int) -> None:
        await positions.keep(tx, list(batch.moved.values()), now)
        set_anew = {asked.row.id for asked in batch.asked if isinstance(asked.effect, SetTimer)}
        await timers.drop(tx, [position for position in batch.left if position not in set_anew])
        await calls.drop(tx, [row.id for row in batch.ended])
        await trails.add(tx, batch.trail, now)
        await counts.apply(tx, batch.ways.found)
        await routing.keep(tx, batch.routed)
        await events.used(tx, batch.used)
        await events.add(tx, batch.returned)

    def _tell(self, applied: Applied) -> None:
        """Say what is due now, after the commit."""
        self._meters.add("clarion_steps_total", applied.met)
        for sender in sorted(applied.senders):
            self._waker.wake(f"send:{sender}")
        if applied.calls:
            self._waker.wake("call")


def _walk(
    batch: _Batch, row: Any, graph: Graph, facts: Facts, heard: Sequence[Due], fired: int | None, now: int
) -> None:
    """Step one position through its events, and its timer after them."""
    before = position = _position(row)
    for each in heard:
        event = _event(each, row)
        batch.used.append(each.id)
        if event is None or (row.run_status != "running" and not isinstance(event, Stopped)):
            continue
        position, facts = _hear_one(batch, row, graph, position, event, facts)
    if fired is not None and row.run_status == "running":
        position, facts = _hear_one(batch, row, graph, position, TimerFired(fired), facts)
    moved = position.visit != before.visit or position.outcome != before.outcome
    if moved:
        batch.left.append(row.id)
    if position != before:
        batch.moved[row.id] = _kept(row, position, graph, moved)
    if position.outcome and not before.outcome:
        _end(batch, row, position)


def _hear_one(
    batch: _Batch, row: Any, graph: Graph, position: Position, event: Event, facts: Facts
) -> tuple[Position, Facts]:
    result = step(graph, position, event, facts)
    reply = event.reply_id if isinstance(event, Replied) else 0
    for n, left in enumerate(result.trail):
        batch.trail.append((row.id, left, reply if n == 0 else 0))
        spent = facts.now - row.moved_at if left.visit == row.visit else 0
        if left.to:
            batch.ways.add(row.run_id, left.node, counts.out(left.edge), spent=spent)
            batch.ways.add(row.run_id, left.to, counts.IN)
        elif left.outcome:
            batch.ways.add(row.run_id, left.node, counts.end(left.outcome), spent=spent)
    if reply and result.verdict in (Verdict.LATE, Verdict.IGNORED):
        why = result.trail[0].why if result.trail else "the node does not listen"
        route = Route.LATE if result.verdict is Verdict.LATE else Route.INBOX
        batch.routed.append((reply, Routed(route, why, position_id=row.id)))
    for effect in result.effects:
        batch.asked.append(Asked(row, effect, graph.sender))
        if isinstance(effect, UpdateContact):
            facts = effect.known_after(facts)
    if facts.message_status and result.position.message_visit != position.message_visit:
        facts = replace(facts, message_status="", message_code="")
    return result.position, facts


def _timely(asked: Asked, batch: _Batch) -> bool:
    """Whether the position still stands at the visit that asked: timers and calls of one it has left mean nothing.

    A batch may hold several events of one position, each with a timer of its own.
    """
    if not isinstance(asked.effect, SetTimer | Call):
        return True
    now = batch.moved.get(asked.row.id)
    return now is None or (now.visit == asked.effect.visit and not now.outcome)


def _end(batch: _Batch, row: Any, position: Position) -> None:
    batch.ended.append(row)
    if row.parent_id:
        said = {
            "visit": row.parent_visit,
            "outcome": position.outcome,
            "reason": position.reason,
            "variables": dict(position.variables),
        }
        batch.returned.append((row.parent_id, "returned", said))


def _ended(row: Any, reason: str, used: list[int]) -> _Batch:
    """A batch in which one position ends as failed."""
    batch = _Batch(used=used, left=[row.id])
    position = replace(_position(row), outcome=FAILED, reason=reason)
    batch.moved[row.id] = _kept(row, position, None, True)
    batch.trail.append((row.id, Left(row.node, row.visit, "broken", outcome=FAILED, why=reason), 0))
    batch.ways.add(row.run_id, row.node, counts.end(FAILED))
    _end(batch, row, position)
    return batch


def _position(row: Any) -> Position:
    return Position(
        node=row.node,
        visit=row.visit,
        variables=dialect.json_value(row.variables),
        message_visit=row.message_visit,
        answered=row.answered,
        events=row.events,
        outcome=row.outcome,
        reason=row.reason,
    )


def _kept(row: Any, position: Position, graph: Graph | None, moved: bool) -> positions.Moved:
    standing = graph is not None and not position.outcome
    return positions.Moved(
        id=row.id,
        node=position.node,
        visit=position.visit,
        variables=dict(position.variables),
        message_id=row.message_id,
        sender_id=row.sender_id,
        message_visit=position.message_visit,
        answered=position.answered,
        events=position.events,
        listens=bool(standing and graph and graph.listens(position.node)),
        awaits=told.bits(graph.awaits(position.node)) if standing and graph else 0,
        outcome=position.outcome,
        reason=position.reason,
        moved=moved,
    )


def _event(stored: Due, row: Any) -> Event | None:
    """The stored event. One about a message names the message, and so belongs to the visit that sent it."""
    data = dict(stored.data)
    if stored.kind == "message" and "message_id" in data:
        data["visit"] = row.message_visit if data.pop("message_id") == row.message_id else -1
    try:
        return from_json(stored.kind, data)
    except (KeyError, TypeError):
        log.error("run.event_unknown", position_id=row.id, kind=stored.kind)
        return None
