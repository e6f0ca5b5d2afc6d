"""Contacts one by one, as the command line asks for them: add, find, opt out, opt in, export."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import sqlalchemy as sa

from clarion.domain.contact import Address, check_country, read_address
from clarion.domain.csv_safe import protect
from clarion.domain.errors import BadAddress, NotFound
from clarion.store import contacts, counts, lists, suppressions
from clarion.store.db import Database

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Contact:
    """One person. `address` is what is dialled, `person` the same for every spelling of it."""

    id: int
    address: str
    person: str
    attributes: dict[str, Any]
    tags: list[str]
    language: str
    timezone: str
    created_at: int
    updated_at: int
    opted_out: bool
    place: int = 0  # to be given as `after` for the next page


def _address(phone: str, country: str) -> Address:
    try:
        return read_address(phone, check_country(country)).address
    except ValueError as error:
        raise BadAddress(phone, f"cannot be read: {error}") from None


async def add_contact(
    db: Database,
    phone: str,
    attributes: Mapping[str, str],
    *,
    workspace: int = 1,
    country: str = "",
    list_names: Sequence[str] = (),
) -> Contact:
    """Add a person, or merge into the one there is, and put them on lists, which are made if new.

    Repeating it changes nothing. Raises BadAddress.
    """
    address = _address(phone, country)
    async with db.transaction() as tx:
        contact_id = await contacts.put(tx, workspace, address, attributes)
        for name in list_names:
            await lists.add(tx, await lists.ensure(tx, workspace, name), contact_id)
    return await find_contact(db, address.e164, workspace=workspace)


async def find_contact(db: Database, phone: str, *, workspace: int = 1, country: str = "") -> Contact:
    """The person with this number in any spelling. Raises BadAddress, NotFound."""
    person = _address(phone, country).person
    async with db.reading() as tx:
        row = await contacts.by_person(tx, workspace, person)
    if row is None:
        raise NotFound("contact", phone)
    return contact_of(row)


async def list_contacts(
    db: Database,
    *,
    workspace: int = 1,
    list_name: str = "",
    digits: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Contact]:
    """A page of contacts: of one list in its order, or of all; `digits`: numbers that contain them."""
    async with db.reading() as tx:
        list_id = await lists.get(tx, workspace, list_name) if list_name else 0
        rows = await contacts.page(tx, workspace, list_id=list_id, digits=digits, after=after, limit=limit)
    return [contact_of(row) for row in rows]


async def lists_of(db: Database, contact_id: int) -> list[str]:
    """The names of the lists a contact is on."""
    async with db.reading() as tx:
        return await lists.of_contact(tx, contact_id)


async def opt_out(
    db: Database, phone: str, *, workspace: int = 1, country: str = "", source: str = "operator"
) -> str:
    """Never write to this person again, known or not; their person key.

    What they still had waiting becomes `suppressed` in the same transaction. Repeating it changes nothing.
    """
    person = _address(phone, country).person
    await stop_person(db, person, workspace=workspace, source=source)
    return person


async def stop_person(db: Database, person: str, *, workspace: int, source: str) -> None:
    """`opt_out` for somebody whose key is known."""
    moves = counts.Moves()
    async with db.transaction() as tx:
        await suppressions.stop(
            tx, [suppressions.Stop(workspace, person, suppressions.OPT_OUT, source)], moves
        )
        await counts.apply(tx, moves.deltas)


async def opt_in(db: Database, phone: str, *, workspace: int = 1, country: str = "") -> bool:
    """The person wants to hear from us again: True if a stop was lifted. What it closed stays closed."""
    return await lift_person(db, _address(phone, country).person, workspace=workspace)


async def lift_person(db: Database, person: str, *, workspace: int) -> bool:
    """`opt_in` for somebody whose key is known."""
    async with db.transaction() as tx:
        return await suppressions.lift(tx, workspace, person)


async def export_contacts(db: Database, out: TextIO, *, workspace: int = 1, list_name: str = "") -> int:
    """Write the contacts as CSV: `phone`, then every attribute; how many they were. Open `out` with newline=""."""
    async with db.reading() as tx:
        list_id = await lists.get(tx, workspace, list_name) if list_name else 0
    written = -1  # the header
    async for rows, text in contact_rows(db, workspace=workspace, list_id=list_id):
        out.write(text)
        written += rows
    return written


async def contact_rows(db: Database, *, workspace: int, list_id: int = 0) -> AsyncIterator[tuple[int, str]]:
    """The contacts, or a list's members in its order, as pieces of a CSV file: how many lines, and their text.

    Cells that a spreadsheet would run are protected (domain/csv_safe.py); importing the file changes nothing.
    """
    async with db.reading() as tx:
        names = await contacts.attribute_names(tx, workspace, list_id)
    yield 1, _csv([["phone", *names]])
    after = 0
    while True:
        async with db.reading() as tx:
            rows = await contacts.page(tx, workspace, list_id=list_id, after=after, limit=_PAGE)
        if not rows:
            return
        cells = [[row.address, *(str(row.attributes.get(name, "")) for name in names)] for row in rows]
        yield len(rows), _csv(cells)
        after = rows[-1].place


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(protect, row) for row in rows)
    return text.getvalue()


def contact_of(row: sa.Row[Any]) -> Contact:
    """A row of store/contacts.py."""
    values = {**row._mapping}
    return Contact(**{**values, "opted_out": bool(values["opted_out"])})
