"""A person's data erased: blanked where something is counted, deleted elsewhere.

What stays, and why: an opt-out with the number it forbids, for it could not be obeyed otherwise; messages and
replies without number, text and variables, for counters and deliveries to add up; our ids.
"""

import asyncio
import time

from clarion.domain.errors import ContactBusy, NotFound
from clarion.services.ports import Waker
from clarion.store import contacts, erasing
from clarion.store.db import Database
from clarion.store.known import sender_ids

PATIENCE = 2.0  # seconds in which requests on the wire and journeys usually end
_LOOK = 0.05


async def erase_contact(
    db: Database, everything: Database, waker: Waker, contact_id: int, *, workspace: int
) -> None:
    """Forget a person. Works in several transactions; whatever interrupts it, repeating it goes on.

    First nothing more starts, then what is under way ends, then the data goes, and the contact last. `everything`
    is the database beyond the workspace: raw webhooks belong to none. Raises NotFound, ContactBusy.
    """
    async with db.transaction() as tx:
        row = await contacts.by_id(tx, workspace, contact_id)
        if row is None:
            raise NotFound("contact", contact_id)
        if await erasing.under_way(tx, workspace, row.person) or await erasing.waits(
            tx, workspace, row.person
        ):
            await erasing.end_what_waits(tx, workspace, row.person)
    waker.wake("step")
    await _until_ended(db, workspace, row.person)
    await _webhooks(everything, db, workspace, row.person)
    seen = await _deliveries(db, workspace, row.person)
    async with db.reading() as tx:
        lines = await erasing.told_lines(tx, workspace, contact_id, row.person)
    async with db.transaction() as tx:
        left = await erasing.under_way(tx, workspace, row.person)
        if left or await erasing.waits(tx, workspace, row.person):
            raise ContactBusy(left.sending, left.journeys)
        await erasing.blank_lines(tx, lines)
        await erasing.blank(tx, workspace, contact_id, row.person)
    await _deliveries(db, workspace, row.person, above=seen)  # made of news that came meanwhile


async def _until_ended(db: Database, workspace: int, person: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        async with db.reading() as tx:
            left = await erasing.under_way(tx, workspace, person)
        if not left:
            return
        if time.monotonic() > deadline:
            raise ContactBusy(left.sending, left.journeys)
        await asyncio.sleep(_LOOK)


async def _webhooks(everything: Database, db: Database, workspace: int, person: str) -> None:
    async with db.reading() as tx:
        senders = await sender_ids(tx, workspace)
    async with everything.reading() as tx:
        first, last = await erasing.bounds(tx, "inbox")
    for after in range(first - 1, last, erasing.STEP):
        async with everything.reading() as tx:
            ids = await erasing.webhooks(tx, person, senders, after=after)
        if ids:
            async with everything.transaction() as tx:
                await erasing.delete(tx, "inbox", ids)


async def _deliveries(db: Database, workspace: int, person: str, *, above: int = 0) -> int:
    """Delete what names the person among deliveries above this id; the last id there was."""
    async with db.reading() as tx:
        first, last = await erasing.bounds(tx, "deliveries")
    for after in range(max(above, first - 1), last, erasing.STEP):
        async with db.reading() as tx:
            ids = await erasing.deliveries(tx, workspace, person, after=after)
        if ids:
            async with db.transaction() as tx:
                await erasing.delete(tx, "deliveries", ids)
    return last
