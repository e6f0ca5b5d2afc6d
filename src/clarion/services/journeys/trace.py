"""The way of one person through a run, with every reason that was kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain import preview
from clarion.domain.content import from_json
from clarion.domain.errors import NotFound
from clarion.services.contacts import find_contact
from clarion.store import run_reports
from clarion.store.db import Database, Tx
from clarion.store.run_reports import Place, Run


@dataclass(frozen=True, slots=True)
class Tried:
    """An edge that was looked at, and why it was taken or not."""

    edge: str
    taken: bool
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one event did at one visit: the edge taken (`to` its node), an end with its outcome, or nothing."""

    at: int
    visit: int
    node: str
    event: str
    edge: str
    to: str
    outcome: str
    why: str
    tried: tuple[Tried, ...]
    reply_id: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of one visit: what it says, and what became of it. Times are 0 for never."""

    id: int
    visit: int
    text: str
    sender: str
    status: str
    code: str
    reason: str
    created_at: int
    accepted_at: int
    delivered_at: int
    read_at: int
    failed_at: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply that was meant for this position; `routed` is `late` when it came to a node already left."""

    id: int
    kind: str
    text: str
    payload: str
    routed: str
    why: str
    at: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One time somebody went through the run."""

    place: Place
    steps: tuple[Step, ...]
    messages: tuple[Sent, ...]
    replies: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """How one person went. Several passages when the journey lets people in again."""

    run: Run
    address: str
    passages: tuple[Passage, ...]


async def passage(db: Database, position_id: int, *, workspace: int = 1) -> Passage:
    """One time somebody went through a run. Raises NotFound."""
    async with db.reading() as tx:
        place = await run_reports.place(tx, workspace, position_id)
        return await _passage(tx, workspace, place)


async def trace(db: Database, run_id: int, phone: str, *, workspace: int = 1, country: str = "") -> Trace:
    """The way of one person through a run, with every reason that was kept. Raises NotFound, BadAddress."""
    contact = await find_contact(db, phone, workspace=workspace, country=country)
    async with db.reading() as tx:
        run = await run_reports.run(tx, workspace, run_id)
        places = await run_reports.people(tx, run_id, person=contact.person, limit=1_000)
        if not places:
            raise NotFound(f"person in run {run_id} with the number", phone)
        passages = [await _passage(tx, workspace, place) for place in places]
    return Trace(run, contact.address, tuple(passages))


async def _passage(tx: Tx, workspace: int, place: Place) -> Passage:
    trail = await run_reports.trail(tx, place.id)
    sent = await run_reports.sent(tx, place.id)
    heard = await run_reports.heard(tx, workspace, place.person, place.id)
    return Passage(
        place,
        tuple(_step(row) for row in trail),
        tuple(_sent(row) for row in sent),
        tuple(Heard(**row._mapping) for row in heard),
    )


def _step(row: Mapping[str, Any]) -> Step:
    values = {
        name: row[name] for name in ("at", "visit", "node", "event", "edge", "outcome", "why", "reply_id")
    }
    return Step(**values, to=row["to_node"], tried=tuple(Tried(*each) for each in row["tried"]))


def _sent(row: Mapping[str, Any]) -> Sent:
    values = {name: value for name, value in row.items() if name != "content"}
    return Sent(**values, text=preview.as_text(from_json(row["content"]), ""))
