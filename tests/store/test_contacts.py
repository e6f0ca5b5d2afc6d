"""Contacts, lists and opt-outs, on both databases."""

import io

import pytest

from clarion.domain.errors import AlreadyExists, BadAddress, NotFound
from clarion.services import contacts, lists
from clarion.store.db import Database


async def test_adding_a_person_again_merges_the_attributes_and_keeps_the_address(db: Database) -> None:
    first = await contacts.add_contact(db, "+54 11 2345 6789", {"name": "Ana", "city": "Rosario"})
    again = await contacts.add_contact(db, "+54 9 11 2345 6789", {"city": "Córdoba", "language": "es"})
    assert (again.id, again.address) == (first.id, "+541123456789")
    assert again.attributes == {"name": "Ana", "city": "Córdoba", "language": "es"}
    assert again.language == "es"
    same = await contacts.add_contact(db, "+54 9 11 2345 6789", {"city": "Córdoba"})
    assert same.updated_at == again.updated_at  # nothing to write


async def test_a_person_is_found_by_any_spelling(db: Database) -> None:
    await contacts.add_contact(db, "+55 41 9123-4567", {"name": "Ana"})
    found = await contacts.find_contact(db, "(41) 99123-4567", country="br")
    assert found.address == "+5541991234567"
    with pytest.raises(NotFound, match="no contact"):
        await contacts.find_contact(db, "+5541991234568")
    with pytest.raises(BadAddress, match="'XX' is not a country"):
        await contacts.find_contact(db, "1", country="XX")


async def test_a_list_is_walked_in_pages_in_its_order(db: Database) -> None:
    for n in (3, 1, 2):
        await contacts.add_contact(db, f"+554199123456{n}", {}, list_names=["b", "a"] if n == 1 else ["b"])
    first = await contacts.list_contacts(db, list_name="b", limit=2)
    rest = await contacts.list_contacts(db, list_name="b", limit=2, after=first[-1].place)
    assert [c.address[-1] for c in [*first, *rest]] == ["3", "1", "2"]
    assert [c.address[-1] for c in await contacts.list_contacts(db, digits="991234562")] == ["2"]
    assert await contacts.list_contacts(db, digits="%") == []
    assert await contacts.lists_of(db, first[1].id) == ["a", "b"]
    assert await lists.remove_member(db, "b", "+5541991234561")
    assert not await lists.remove_member(db, "b", "+5541991234561")
    assert [(each.name, each.members) for each in await lists.all_lists(db)] == [("a", 1), ("b", 2)]


async def test_an_opt_out_covers_people_we_never_stored_and_can_be_lifted(db: Database) -> None:
    assert await contacts.opt_out(db, "+55 41 9123-4567") == "5541991234567"
    added = await contacts.add_contact(db, "+5541991234567", {}, list_names=["l"])
    assert added.opted_out
    assert (await lists.find_list(db, "l")).opted_out == 1
    assert await contacts.opt_in(db, "+5541991234567")
    assert not await contacts.opt_in(db, "+5541991234567")
    assert not (await contacts.find_contact(db, "+5541991234567")).opted_out


async def test_another_workspaces_people_are_not_there(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("INSERT INTO workspaces (id, name, created_at) VALUES (2, 'other', 0)")
    await contacts.add_contact(db, "+5541991234567", {"name": "Ana"}, list_names=["l"])
    await contacts.opt_out(db, "+5541991234567", workspace=2)
    with pytest.raises(NotFound):
        await contacts.find_contact(db, "+5541991234567", workspace=2)
    with pytest.raises(NotFound):
        await lists.find_list(db, "l", workspace=2)
    assert await contacts.list_contacts(db, workspace=2) == []
    assert not (await contacts.find_contact(db, "+5541991234567")).opted_out


async def test_a_lists_name_is_unique(db: Database) -> None:
    await lists.create_list(db, "l")
    with pytest.raises(AlreadyExists, match="list named 'l' exists already"):
        await lists.create_list(db, "l")


async def test_R05_an_export_protects_what_a_spreadsheet_would_run(db: Database) -> None:
    await contacts.add_contact(
        db, "+5541991234567", {"name": "=1+1", "note": "'-x", "city": "plain"}, list_names=["l"]
    )
    out = io.StringIO()
    assert await contacts.export_contacts(db, out, list_name="l") == 1
    assert out.getvalue().splitlines() == ["phone,city,name,note", "'+5541991234567,plain,'=1+1,''-x"]
