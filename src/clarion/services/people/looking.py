"""Pages of contacts, as programs ask for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.contact import Address
from clarion.domain.errors import BadAddress, BadField, NotFound
from clarion.services.contacts import Contact, contact_of
from clarion.services.people.saving import read_number
from clarion.store import contact_pages, contacts, dialect, lists
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Some:
    """A page. `more`: the place to go on before; 0: that is all."""

    contacts: Sequence[Contact]
    more: int = 0


async def get_contact(db: Database, contact_id: int, *, workspace: int) -> Contact:
    """One contact. Raises NotFound."""
    async with db.reading() as tx:
        row = await contacts.by_id(tx, workspace, contact_id)
    if row is None:
        raise NotFound("contact", contact_id)
    return contact_of(row)


async def newest_contacts(
    db: Database,
    *,
    workspace: int,
    list_id: int = 0,
    tag: str = "",
    attribute: tuple[str, str] | None = None,
    before: int = 0,
    limit: int = 50,
) -> Some:
    """The newest contacts, or a list's newest members. With `tag` or `attribute` (name, value) a page may be short.

    Raises NotFound (the list), BadField (the attribute's name).
    """
    if attribute and not dialect.safe_key(attribute[0]):
        raise BadField("attribute", "write name:value, the name in letters, digits, spaces, - and _")
    async with db.reading() as tx:
        if list_id:
            await lists.find(tx, workspace, list_id)
        found = await contact_pages.newest(
            tx, workspace, list_id=list_id, tag=tag, attribute=attribute, before=before, limit=limit
        )
    return Some([contact_of(row) for row in found.rows], found.more)


async def contacts_by_number(
    db: Database, phone: str, *, workspace: int, country: str = "", after: str = "", limit: int = 50
) -> list[Contact]:
    """The person with this number in any spelling; or, where it is none, everybody whose number begins so.

    By number, after the person key `after`. Raises BadField.
    """
    address = _whole(phone, country)
    digits = address.person if address else _digits(phone)
    async with db.reading() as tx:
        rows = await contact_pages.by_number(tx, workspace, digits, after=after, limit=limit)
    return [contact_of(row) for row in rows]


async def member_by_number(
    db: Database, list_id: int, phone: str, *, workspace: int, country: str = ""
) -> Contact | None:
    """The person with this number, if they are on the list. Raises NotFound (the list), BadField."""
    address = _whole(phone, country)
    async with db.reading() as tx:
        await lists.find(tx, workspace, list_id)
        if address is None:
            raise BadField("phone", "together with a list it must be a whole number, such as +5541991234567")
        row = await contacts.by_person(tx, workspace, address.person)
        if row is None or not await contact_pages.on_list(tx, list_id, row.id):
            return None
    return contact_of(row)


def _whole(phone: str, country: str) -> Address | None:
    try:
        return read_number(phone, country)[0]
    except BadAddress:
        return None


def _digits(phone: str) -> str:
    digits = "".join(c for c in phone if c in "0123456789")
    if not digits or len(digits) > contact_pages.LONGEST or set(phone) - set("0123456789+ -().\u00a0"):
        raise BadField("phone", "must be a number, or the digits it begins with, country code first")
    return digits
