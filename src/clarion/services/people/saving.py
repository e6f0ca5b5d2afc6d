"""Contacts added and changed, one by one or a thousand at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clarion.domain.contact import Address, check_country, read_address
from clarion.domain.errors import BadAddress, BadField, ContactExists, NotFound
from clarion.services.contacts import Contact, contact_of
from clarion.services.people.wish import NOBODY, Wish
from clarion.store import contacts, lists, suppressions
from clarion.store.contacts import Held
from clarion.store.db import Database, Tx


def read_number(phone: str, country: str = "") -> tuple[Address, str]:
    """The address, and what had to be corrected. Raises BadAddress, BadField (the country)."""
    try:
        code = check_country(country)
    except ValueError as error:
        raise BadField("country", str(error)) from None
    return read_address(phone, code)


async def create_contact(
    db: Database, phone: str, wish: Wish, *, workspace: int, country: str = "", on: Sequence[int] = ()
) -> Contact:
    """Add a person, and put them on lists. Raises ContactExists, BadAddress, BadField, NotFound (a list)."""
    wish.check()
    address, _ = read_number(phone, country)
    async with db.transaction() as tx:
        await _check_lists(tx, workspace, on)
        made = await contacts.insert(tx, workspace, [(address, wish.over(NOBODY))], await tx.now())
        if not made:
            held = await contacts.by_person(tx, workspace, address.person)
            assert held is not None
            raise ContactExists(held.id)
        for list_id in sorted(set(on)):
            await lists.add_many(tx, list_id, list(made.values()))
        return await _shown(tx, workspace, made[address.person])


async def save_contact(
    db: Database, phone: str, wish: Wish, *, workspace: int, country: str = "", on: Sequence[int] = ()
) -> tuple[Contact, bool]:
    """Add or change the person with this number, and put them on lists; True when they are new.

    Repeating it changes nothing. Raises BadAddress, BadField, NotFound (a list).
    """
    wish.check()
    address, _ = read_number(phone, country)
    async with db.transaction() as tx:
        await _check_lists(tx, workspace, on)
        saved = (await _save(tx, workspace, {address.person: (address, wish)}))[address.person]
        for list_id in sorted(set(on)):
            await lists.add_many(tx, list_id, [saved.id])
        return await _shown(tx, workspace, saved.id), saved.new


async def change_contact(db: Database, contact_id: int, wish: Wish, *, workspace: int) -> Contact:
    """Change a contact. Raises NotFound, BadField."""
    wish.check()
    async with db.transaction() as tx:
        found = await contacts.by_id(tx, workspace, contact_id)
        if found is None:
            raise NotFound("contact", contact_id)
        held = (await contacts.lock_people(tx, workspace, [found.person]))[found.person][1]
        new = wish.over(held)
        if new != held:
            await contacts.change(tx, {contact_id: new}, await tx.now())
        return await _shown(tx, workspace, contact_id)


async def _shown(tx: Tx, workspace: int, contact_id: int) -> Contact:
    row = await contacts.by_id(tx, workspace, contact_id)
    assert row is not None
    return contact_of(row)


async def _check_lists(tx: Tx, workspace: int, on: Sequence[int]) -> None:
    for list_id in on:
        await lists.find(tx, workspace, list_id)


# --- many -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one of many, in the words of an import; `contact_id` 0: not stored."""

    verdict: str
    contact_id: int = 0
    detail: str = ""


async def save_contacts(
    db: Database,
    people: Sequence[tuple[str, Wish]],
    *,
    workspace: int,
    country: str = "",
    list_id: int = 0,
) -> list[Verdict]:
    """Add or change people, and put them on a list; a verdict for each, in the order given.

    As in an import: whoever comes twice counts once, and whoever opted out is neither stored nor put on the
    list. Repeating it changes nothing. Raises BadField (the country), NotFound (the list).
    """
    verdicts: dict[int, Verdict] = {}
    wanted: dict[str, _Row] = {}
    for n, (phone, wish) in enumerate(people):
        try:
            wish.check()
            address, correction = read_number(phone, country)
        except BadAddress as error:
            verdicts[n] = Verdict("invalid", detail=str(error))
        except BadField as error:
            if error.field == "country":
                raise
            verdicts[n] = Verdict("invalid", detail=str(error))
        else:
            first = wanted.setdefault(address.person, _Row(n, address, wish, correction))
            if first.n != n:
                verdicts[n] = Verdict("duplicate", detail=f"the same person as row {first.n}")
    async with db.transaction() as tx:
        if list_id:
            await lists.find(tx, workspace, list_id)
        for person, source in (await suppressions.opted_out(tx, workspace, sorted(wanted))).items():
            verdicts[wanted.pop(person).n] = Verdict("opted_out", detail=f"opted out: {source}")
        saved = await _save(tx, workspace, {p: (row.address, row.wish) for p, row in wanted.items()})
        if list_id:
            await lists.add_many(tx, list_id, [saved[person].id for person in wanted])
    for person, row in wanted.items():
        word = "corrected" if row.correction else "accepted"
        verdicts[row.n] = Verdict(word, saved[person].id, row.correction)
    return [verdicts[n] for n in range(len(people))]


class _Row(NamedTuple):
    n: int
    address: Address
    wish: Wish
    correction: str


class _Saved(NamedTuple):
    id: int
    new: bool


async def _save(tx: Tx, workspace: int, wanted: dict[str, tuple[Address, Wish]]) -> dict[str, _Saved]:
    if not wanted:
        return {}
    now = await tx.now()
    held = await contacts.lock_people(tx, workspace, list(wanted))
    new = [(address, wish.over(NOBODY)) for person, (address, wish) in wanted.items() if person not in held]
    made = await contacts.insert(tx, workspace, new, now)
    if len(made) < len(new):  # somebody else added them since we looked: now they can be locked
        held |= await contacts.lock_people(tx, workspace, list(set(wanted) - set(held) - set(made)))
    changed: dict[int, Held] = {}
    for person, (contact_id, was) in held.items():
        wished = wanted[person][1].over(was)
        if wished != was:
            changed[contact_id] = wished
    await contacts.change(tx, changed, now)
    return {
        **{person: _Saved(contact_id, new=False) for person, (contact_id, _) in held.items()},
        **{person: _Saved(contact_id, new=True) for person, contact_id in made.items()},
    }
