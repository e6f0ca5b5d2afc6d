"""Who must not be written to: looked up, stored and lifted. An opt-out covers every channel of the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.services.contacts import lift_person, stop_person
from clarion.services.people.saving import read_number
from clarion.store import contacts, suppressions
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether a person wants to hear from us. `since` and `source` are of the opt-out; 0 and "" without one.

    `contact_id` 0: the person is no contact.
    """

    person: str
    opted_out: bool
    source: str = ""
    since: int = 0
    contact_id: int = 0
    address: str = ""


async def list_opt_outs(
    db: Database, *, workspace: int, before: tuple[int, str] | None = None, limit: int = 50
) -> Sequence[Consent]:
    """The newest opt-outs, before the one with this time and person."""
    async with db.reading() as tx:
        return [_of(row) for row in await suppressions.opt_outs(tx, workspace, before=before, limit=limit)]


async def consent_of_number(db: Database, phone: str, *, workspace: int, country: str = "") -> Consent:
    """What is known of a number, contact or not. Raises BadAddress, BadField."""
    address, _ = read_number(phone, country)
    return await _consent(db, address.person, workspace)


async def consent_of_contact(db: Database, contact_id: int, *, workspace: int) -> Consent:
    """What a contact decided. Raises NotFound."""
    return await _consent(db, await _person(db, contact_id, workspace), workspace)


async def set_for_number(
    db: Database, phone: str, *, workspace: int, opted_out: bool, source: str, country: str = ""
) -> Consent:
    """Store an opt-out, or lift it. Once an opt-out is stored nothing starts to the person any more (P8).

    Repeating it changes nothing. Raises BadAddress, BadField.
    """
    address, _ = read_number(phone, country)
    return await _set(db, address.person, workspace, opted_out=opted_out, source=source)


async def set_for_contact(
    db: Database, contact_id: int, *, workspace: int, opted_out: bool, source: str
) -> Consent:
    """`set_for_number` for a contact. Raises NotFound."""
    person = await _person(db, contact_id, workspace)
    return await _set(db, person, workspace, opted_out=opted_out, source=source)


async def _set(db: Database, person: str, workspace: int, *, opted_out: bool, source: str) -> Consent:
    if opted_out:
        await stop_person(db, person, workspace=workspace, source=source)
    else:
        await lift_person(db, person, workspace=workspace)
    return await _consent(db, person, workspace)


async def _consent(db: Database, person: str, workspace: int) -> Consent:
    async with db.reading() as tx:
        rows = await suppressions.opt_outs(tx, workspace, person=person, limit=1)
        if rows:
            return _of(rows[0])
        contact = await contacts.by_person(tx, workspace, person)
    if contact is None:
        return Consent(person, opted_out=False)
    return Consent(person, opted_out=False, contact_id=contact.id, address=contact.address)


async def _person(db: Database, contact_id: int, workspace: int) -> str:
    async with db.reading() as tx:
        row = await contacts.by_id(tx, workspace, contact_id)
    if row is None:
        raise NotFound("contact", contact_id)
    return str(row.person)


def _of(row: sa.Row[Any]) -> Consent:
    return Consent(row.person, True, row.source, row.created_at, row.contact_id or 0, row.address or "")
