"""Runs: start over an audience, let single people enter, pause, resume, stop."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from clarion.domain.contact import check_country, read_address
from clarion.domain.errors import BadAddress, JourneyRefused
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.news import Event
from clarion.services.journeys.entering import Entrance, let_in
from clarion.services.ports import Waker
from clarion.store import audience, journeys, news, singles
from clarion.store import lists as list_rows
from clarion.store.db import Database, Tx
from clarion.store.journeys import Journey
from clarion.store.runs import parking, runs

log = structlog.get_logger()


async def start_run(
    db: Database,
    waker: Waker,
    journey: str | int,
    *,
    workspace: int = 1,
    lists: Sequence[str] = (),
    run_name: str = "",
) -> int:
    """Start the journey's published version over lists of contacts (its own when none are given); the run's id.

    The journey by name or id.

    The audience is what it is now; people enter in the order of the lists, each once. Returns at once, the lane
    `run:<id>` lets them in. Raises NotFound, JourneyRefused.
    """
    async with db.transaction() as tx:
        row, start = await _published(tx, journey, workspace)
        names = tuple(lists) or start.lists
        if not names:
            raise JourneyRefused(
                f"Journey {row.name!r}", "started", "it names no list: say which people are meant"
            )
        ids = [await list_rows.get(tx, workspace, name) for name in names]
        first, bound, _ = await audience.limits(tx, audience.of_lists(ids))
        run_id = await runs.add(
            tx,
            {
                "workspace_id": workspace,
                "journey_id": row.id,
                "version_id": row.version_id,
                "name": run_name,
                "kind": "audience",
                "lists": ids,
                "cursor": first,
                "bound": bound,
            },
        )
        await _tell(tx, run_id, workspace, Event.RUN_STARTED)
    waker.wake(f"run:{run_id}")
    log.info("run.started", run_id=run_id, journey_id=row.id, version_id=row.version_id)
    return run_id


async def enter(
    db: Database,
    waker: Waker,
    journey: str | int,
    phone: str,
    variables: Mapping[str, Any] | None = None,
    *,
    workspace: int = 1,
    contact_id: int = 0,
    country: str = "",
    trigger: str = "",
) -> int:
    """Send one person into the journey's published version; the position's id. The contact is added if new.

    The person by `phone`, or by `contact_id`.

    `trigger` names the occasion where people may enter again and again: with the same one they enter once.
    Raises BadAddress, NotFound, JourneyRefused.
    """
    address = None
    if not contact_id:
        try:
            address = read_address(phone, check_country(country)).address
        except ValueError as error:
            raise BadAddress(phone, f"cannot be read: {error}") from None
    async with db.transaction() as tx:
        row, start = await _published(tx, journey, workspace)
        if not start.api:
            raise JourneyRefused(
                f"Journey {row.name!r}", "entered one by one", "its start does not allow it (`api` is false)"
            )
        if address:
            contact = await singles.contact(tx, workspace, address.e164, address.person)
        else:
            contact = await singles.known(tx, workspace, contact_id)
        entrance = Entrance(f"api:{trigger or await tx.now()}", variables or {})
        entered = await let_in(tx, workspace, row.id, contact.id, entrance)
        if entered.refusal:
            raise JourneyRefused(f"Journey {row.name!r}", f"entered by {contact.address}", entered.refusal)
    waker.wake("step")
    return entered.position_id


async def pause_run(db: Database, run_id: int, *, workspace: int = 1, reason: str = "") -> int:
    """Nothing new is sent and nobody moves when this returns; how many requests may still be on the wire.

    Nobody is dropped: replies are kept and timers run on, and both have their effect after `resume_run`.
    """
    async with db.transaction() as tx:
        run = await runs.find(tx, run_id, workspace)
        if not await runs.set_status(tx, run_id, "paused", only=("running",), reason=reason):
            raise JourneyRefused(f"Run {run_id}", "paused", f"it is {run.status}")
        await _tell(tx, run_id, run.workspace_id, Event.RUN_PAUSED, reason)
        draining = await parking.draining(tx, run_id)
    async with db.transaction() as tx:
        # Apart, because it may be much: what is met before it is done is refused at the mark.
        if (await runs.lock(tx, run_id)).status == "paused":
            await parking.park(tx, run_id)
    log.info("run.paused", run_id=run_id, draining=draining)
    return draining


async def resume_run(db: Database, waker: Waker, run_id: int, *, workspace: int = 1) -> None:
    """Go on exactly where everybody was."""
    async with db.transaction() as tx:
        run = await runs.find(tx, run_id, workspace)
        if not await runs.set_status(tx, run_id, "running", only=("paused",)):
            raise JourneyRefused(f"Run {run_id}", "resumed", f"it is {run.status}")
        await _tell(tx, run_id, run.workspace_id, Event.RUN_RESUMED)
        await parking.unpark(tx, run_id)
        senders = await tx.all(
            "SELECT DISTINCT sender_id FROM outbox WHERE run_id = :run AND run_id <> 0", {"run": run_id}
        )
    for lane in (f"run:{run_id}", "step", "call", *(f"send:{row.sender_id}" for row in senders)):
        waker.wake(lane)
    log.info("run.resumed", run_id=run_id)


async def stop_run(db: Database, waker: Waker, run_id: int, *, workspace: int = 1, reason: str = "") -> int:
    """End the run for good: nothing new is sent when this returns; how many requests may still be on the wire.

    The lane `run:<id>` then ends everybody's journey as `stopped` and cancels what was not sent.
    """
    async with db.transaction() as tx:
        run = await runs.find(tx, run_id, workspace)
        if not await runs.set_status(tx, run_id, "stopped", only=("running", "paused"), reason=reason):
            raise JourneyRefused(f"Run {run_id}", "stopped", f"it is {run.status}")
        await _tell(tx, run_id, run.workspace_id, Event.RUN_STOPPED, reason)
        await parking.unpark(tx, run_id)
        draining = await parking.draining(tx, run_id)
    waker.wake(f"run:{run_id}")
    log.info("run.stopped", run_id=run_id, draining=draining)
    return draining


async def finish_runs(db: Database) -> None:
    """Runs that nobody is in any more are finished. Computed from the rows, never set by a walk's end."""
    async with db.transaction() as tx:
        done = await runs.finish(tx)
    for run_id in done:
        log.info("run.finished", run_id=run_id)


async def _tell(tx: Tx, run_id: int, workspace: int, event: Event, reason: str = "") -> None:
    data = {"reason": reason} if reason else {}
    await news.tell(tx, [news.News(workspace, event, run_id, data=data)])


async def _published(tx: Tx, journey: str | int, workspace: int) -> tuple[Journey, Audience]:
    """The journey, and the start of the version that people enter now."""
    row = await journeys.find(tx, workspace, journey)
    version = await journeys.newest(tx, row)
    if version is None:
        raise JourneyRefused(f"Journey {row.name!r}", "started", "it was never published: publish it first")
    graph = read_graph(version.graph)
    start = graph.by_id[graph.start]
    assert isinstance(start, Audience)
    return row, start
