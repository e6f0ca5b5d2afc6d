"""Lists: named sets of contacts, the audiences of campaigns."""

from dataclasses import dataclass

from clarion.domain.errors import NotFound
from clarion.services.contacts import find_contact
from clarion.store import lists
from clarion.store.db import Database


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
