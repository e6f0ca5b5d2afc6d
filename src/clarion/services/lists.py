"""Lists: named sets of contacts, the audiences of campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import BadAddress, InUse, NotFound
from clarion.services.contacts import find_contact
from clarion.services.people.saving import read_number
from clarion.store import contacts, lists
from clarion.store.db import Database

_CLEARED = 5_000  # members taken off a deleted list in one transaction


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list; `opted_out` of its members are never written to."""

    id: int
    name: str
    created_at: int
    members: int
    opted_out: int


async def all_lists(db: Database, *, workspace: int = 1) -> list[ContactList]:
    """Every list, by name."""
    async with db.reading() as tx:
        return [ContactList(**row._mapping) for row in await lists.overview(tx, workspace)]


async def find_list(db: Database, name: str, *, workspace: int = 1) -> ContactList:
    """The list of that name. Raises NotFound."""
    for found in await all_lists(db, workspace=workspace):
        if found.name == name:
            return found
    raise NotFound("list", name)


async def create_list(db: Database, name: str, *, workspace: int = 1) -> int:
    """An empty list's id. Raises AlreadyExists."""
    async with db.transaction() as tx:
        return await lists.create(tx, workspace, name)


async def remove_member(
    db: Database, name: str, phone: str, *, workspace: int = 1, country: str = ""
) -> bool:
    """Take a person off a list; the contact stays. True if they were on it. Raises NotFound, BadAddress."""
    contact = await find_contact(db, phone, workspace=workspace, country=country)
    async with db.transaction() as tx:
        return await lists.remove(tx, await lists.get(tx, workspace, name), contact.id)


# --- by id, for programs ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A list; `members` is a counter that moves with them."""

    id: int
    name: str
    members: int
    created_at: int


async def page_of_lists(
    db: Database, *, workspace: int, after: str = "", limit: int = 50
) -> Sequence[Listed]:
    """Lists by name, after this one."""
    async with db.reading() as tx:
        return [_listed(row) for row in await lists.page(tx, workspace, after=after, limit=limit)]


async def get_list(db: Database, list_id: int, *, workspace: int) -> Listed:
    """One list. Raises NotFound."""
    async with db.reading() as tx:
        return _listed(await lists.find(tx, workspace, list_id))


async def lists_of_contact(db: Database, contact_id: int, *, workspace: int) -> Sequence[Listed]:
    """The lists a contact is on, by name. Raises NotFound."""
    async with db.reading() as tx:
        if await contacts.by_id(tx, workspace, contact_id) is None:
            raise NotFound("contact", contact_id)
        return [_listed(row) for row in await lists.shown_of_contact(tx, contact_id)]


async def rename_list(db: Database, list_id: int, name: str, *, workspace: int) -> None:
    """Give a list another name. Raises NotFound, AlreadyExists."""
    async with db.transaction() as tx:
        held = await lists.find(tx, workspace, list_id, lock=True)
        if held.name != name:
            await lists.rename(tx, workspace, list_id, name)


async def delete_list(db: Database, list_id: int, *, workspace: int) -> None:
    """The list is gone, its name free; the contacts stay. Raises NotFound, InUse."""
    async with db.transaction() as tx:
        held = await lists.find(tx, workspace, list_id, lock=True)
        if used := await lists.users(tx, workspace, list_id):
            raise InUse("list", held.name, ", ".join(used[:10]))
        await lists.bury(tx, list_id, held.name)
    while await _clear(db, list_id) == _CLEARED:
        pass


async def _clear(db: Database, list_id: int) -> int:
    async with db.transaction() as tx:
        return await lists.clear(tx, list_id, limit=_CLEARED)


@dataclass(frozen=True, slots=True)
class Added:
    """What adding members came to; `missing`: what was asked for and is no contact, with the reason."""

    added: int
    already: int
    missing: Sequence[tuple[int | str, str]]


async def add_members(
    db: Database,
    list_id: int,
    *,
    workspace: int,
    contact_ids: Sequence[int] = (),
    phones: Sequence[str] = (),
    country: str = "",
) -> Added:
    """Put contacts on a list, in this order. Repeating it changes nothing. Raises NotFound (the list), BadField."""
    missing: list[tuple[int | str, str]] = []
    people: dict[str, str] = {}
    for phone in phones:
        try:
            people.setdefault(read_number(phone, country)[0].person, phone)
        except BadAddress as error:
            missing.append((phone, str(error)))
    async with db.transaction() as tx:
        await lists.find(tx, workspace, list_id)
        known, persons = await contacts.known(tx, workspace, ids=contact_ids, people=sorted(people))
        missing += [(each, "is no contact") for each in dict.fromkeys(contact_ids) if each not in known]
        missing += [(phone, "is no contact") for person, phone in people.items() if person not in persons]
        wanted = dict.fromkeys([each for each in contact_ids if each in known])
        wanted |= dict.fromkeys([persons[person] for person in people if person in persons])
        added = await lists.add_many(tx, list_id, list(wanted))
    return Added(added, len(wanted) - added, missing)


async def drop_member(db: Database, list_id: int, contact_id: int, *, workspace: int) -> None:
    """Take a contact off a list; repeating it changes nothing. Raises NotFound."""
    async with db.transaction() as tx:
        await lists.find(tx, workspace, list_id)
        if await contacts.by_id(tx, workspace, contact_id) is None:
            raise NotFound("contact", contact_id)
        await lists.remove(tx, list_id, contact_id)


def _listed(row: sa.Row[Any]) -> Listed:
    return Listed(row.id, row.name, row.members, row.created_at)
