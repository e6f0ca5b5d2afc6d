"""The inbox: conversations that journeys handed to people, and replies that no journey wanted."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.journey.events import Closed
from clarion.services.ports import Waker
from clarion.store import handoffs
from clarion.store.db import Database
from clarion.store.runs import events


@dataclass(frozen=True, slots=True)
class Handoff:
    """A conversation that waits for a person. `waits`: its journey goes on when it is closed."""

    id: int
    address: str
    contact_id: int
    sender_id: int
    position_id: int
    sender: str
    journey: str
    run_id: int
    note: str
    waits: bool
    opened_at: int
    last_text: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A reply that nobody waited for. `maybe_opt_out`: it may be a wish not to be written to; `why` it is here."""

    id: int
    address: str
    contact_id: int | None
    sender_id: int
    sender: str
    kind: str
    text: str
    payload: str
    maybe_opt_out: bool
    why: str
    at: int


async def open_handoffs(
    db: Database, *, workspace: int = 1, after: int = 0, limit: int = 100
) -> Sequence[Handoff]:
    """Open handoffs, oldest first; `after` is the last page's last id."""
    async with db.reading() as tx:
        rows = await handoffs.listed(tx, workspace, after=after, limit=limit)
    return [Handoff(**{**row._mapping, "waits": bool(row.waits)}) for row in rows]


async def unwanted_replies(
    db: Database, *, workspace: int = 1, before: int = 0, limit: int = 100
) -> Sequence[Unwanted]:
    """Replies that people have not read, newest first; `before` is the last page's last id."""
    async with db.reading() as tx:
        rows = await handoffs.unwanted(tx, workspace, before=before, limit=limit)
    return [Unwanted(**{**row._mapping, "maybe_opt_out": bool(row.maybe_opt_out)}) for row in rows]


async def close_handoff(db: Database, waker: Waker, handoff_id: int, *, workspace: int = 1) -> bool:
    """A person has dealt with the conversation; a journey that waits for that goes on. False if it was closed before.

    Raises NotFound.
    """
    async with db.transaction() as tx:
        handoff = await handoffs.lock(tx, workspace, handoff_id)
        if handoff.state == "closed":
            return False
        await handoffs.close(tx, handoff_id)
        if handoff.waits:
            await events.add(tx, [(handoff.position_id, Closed.kind, {"visit": handoff.visit})])
    waker.wake("step")
    return True
