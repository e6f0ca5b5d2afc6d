"""Contacts over HTTP: added, kept in step, found, exported and forgotten."""

import time
from typing import Any

from tests.support.api import Answer, Api

ANA = {"phone": "+55 41 99123-4567", "attributes": {"name": "Ana"}, "tags": ["vip"], "language": "pt_BR"}


def _problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.data["type"].removeprefix("urn:clarion:problem:")


async def _names(api: Api, **query: Any) -> list[str]:
    found = await api.get("/contacts", **query)
    assert found.status == 200, found
    return [each["attributes"].get("name", "") for each in found.data["items"]]


async def _people(api: Api, count: int, **more: Any) -> list[str]:
    rows = [
        {"phone": f"+5541980{n:06}", "attributes": {"name": f"P{n}", "parity": str(n % 2)}}
        for n in range(count)
    ]
    done = await api.made("/contacts/bulk", {"contacts": rows, **more})
    return [row["contact_id"] for row in done["rows"]]


async def test_a_contact_is_added_shown_changed_and_added_only_once(api: Api) -> None:
    answer = await api.post("/contacts", ANA)
    assert answer.status == 201
    made = answer.data
    assert answer.headers["Location"] == f"/api/v1/contacts/{made['id']}"
    assert (made["phone"], made["opted_out"], made["tags"]) == ("+5541991234567", False, ["vip"])
    assert made["attributes"] == {"name": "Ana", "language": "pt_BR"}  # so that a text can use it
    twin = await api.post("/contacts", {"phone": "0055 (41) 9123-4567"})  # without the ninth digit
    assert _problem(twin) == (409, "contact-exists")
    assert twin.data["contact_id"] == made["id"]
    path = f"/contacts/{made['id']}"
    changed = await api.patch(
        path, {"attributes": {"city": "Curitiba", "name": None}, "timezone": "Asia/Tokyo"}
    )
    assert changed.data["attributes"] == {"city": "Curitiba", "language": "pt_BR", "timezone": "Asia/Tokyo"}
    assert (changed.data["tags"], changed.data["timezone"]) == (["vip"], "Asia/Tokyo")
    again = await api.patch(path, {"attributes": {"city": "Curitiba"}, "language": ""})
    assert again.data["attributes"] == {"city": "Curitiba", "timezone": "Asia/Tokyo"}
    assert (again.data["language"], again.data["created_at"]) == ("", made["created_at"])
    assert (await api.patch(path, {})).data == again.data  # nothing asked for, nothing changed
    assert (await api.get(path)).data == again.data


async def test_what_cannot_be_a_contact_is_named(api: Api) -> None:
    for body, place in (
        ({"phone": "call me"}, None),
        ({"phone": "+5541991234567", "timezone": "Mars/Base"}, "#/timezone"),
        ({"phone": "+5541991234567", "attributes": {"phone": "x"}}, "#/attributes/phone"),
        ({"phone": "+5541991234567", "attributes": {"a'b": "x"}}, "#/attributes/a'b"),
        ({"phone": "+5541991234567", "language": "pt", "attributes": {"language": "es"}}, "#/language"),
        ({"phone": "41991234567", "country": "XX"}, "#/country"),
        ({"phone": "+5541991234567", "attributes": {"n": 1}}, "#/attributes/n"),
        ({"phone": "+5541991234567", "opted_out": False}, "#/opted_out"),
    ):
        answer = await api.post("/contacts", body)
        assert answer.status == 422, (body, answer)
        if place:
            assert [each["pointer"] for each in answer.data["errors"]] == [place], answer
    assert await _names(api) == []


async def test_upserting_by_phone_keeps_a_contact_in_step(api: Api) -> None:
    made = await api.made("/lists", {"name": "crm"})
    body = {"attributes": {"name": "Ana", "plan": "free"}, "tags": ["crm"], "lists": [made["id"]]}
    first = await api.put("/contacts/by-phone/+5541991234567", body)
    assert first.status == 201
    again = await api.put("/contacts/by-phone/%2B55 41 9123-4567", body)
    assert (again.status, again.data) == (200, first.data)
    merged = await api.put(
        "/contacts/by-phone/41991234567", {"attributes": {"plan": None, "city": "Lapa"}}, country="br"
    )
    assert merged.data["attributes"] == {"name": "Ana", "city": "Lapa"}
    assert merged.data["tags"] == ["crm"]  # left out: as they were
    on = await api.get(f"/contacts/{merged.data['id']}/lists")
    assert [(each["name"], each["members"]) for each in on.data["items"]] == [("crm", 1)]
    assert (await api.put("/contacts/by-phone/41991234567", {})).status == 422  # whose country?
    assert _problem(await api.put("/contacts/by-phone/+5541991234567", {"lists": ["lst_999"]})) == (
        404,
        "not-found",
    )


async def test_each_of_many_gets_a_verdict_as_an_import_gives_it(api: Api) -> None:
    made = await api.made("/lists", {"name": "bulk"})
    old = await api.made(
        "/contacts", {"phone": "+5541991234567", "attributes": {"name": "Ana", "city": "Lapa"}}
    )
    await api.made("/consents", {"phone": "+5541990000009", "state": "opted_out", "source": "crm"})
    rows = [
        {"phone": "+55 41 99123-4567", "attributes": {"name": "Ana Maria", "city": None}},
        {"phone": "+5541990000001", "attributes": {"name": "Bia"}, "tags": ["new"]},
        {"phone": "+554190000001", "attributes": {"name": "Bia again"}},
        {"phone": "5,54199E+12"},
        {"phone": "+5541990000002", "timezone": "Mars/Base"},
        {"phone": "+5541990000009", "attributes": {"name": "Stop"}},
        {"phone": "+5541990000003.0"},
    ]
    done = await api.made("/contacts/bulk", {"contacts": rows, "list_id": made["id"]})
    assert [row["verdict"] for row in done["rows"]] == [
        "accepted",
        "accepted",
        "duplicate",
        "invalid",
        "invalid",
        "opted_out",
        "corrected",
    ]
    assert done["rows"][0]["contact_id"] == old["id"]
    assert done["rows"][2]["detail"] == "the same person as row 1"
    assert "spreadsheet" in done["rows"][3]["detail"]
    assert (done["accepted"], done["invalid"], done["rows"][5]["contact_id"]) == (2, 2, None)
    shown = (await api.get(f"/contacts/{old['id']}")).data
    assert shown["attributes"] == {"name": "Ana Maria"}
    assert (await api.get(f"/lists/{made['id']}")).data["members"] == 3
    assert await _names(api) == ["", "Bia", "Ana Maria"]
    repeated = await api.made("/contacts/bulk", {"contacts": rows, "list_id": made["id"]})
    assert repeated["rows"] == done["rows"]
    assert (await api.get(f"/contacts/{old['id']}")).data == shown
    many = await api.post("/contacts/bulk", {"contacts": [{"phone": "+1"}] * 1_001})
    assert _problem(many) == (422, "invalid")


async def test_contacts_come_newest_first_a_page_at_a_time_whatever_is_added(api: Api) -> None:
    ids = await _people(api, 7)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await api.get("/contacts", limit=3, **cursor)
        seen += [each["id"] for each in answer.data["items"]]
        await api.put(f"/contacts/by-phone/+55419900000{len(seen):02}", {})  # newer: on no later page
        if answer.data["next_cursor"] is None:
            break
        cursor = {"cursor": answer.data["next_cursor"]}
    assert seen == ids[::-1]


async def test_contacts_are_found_by_number_tag_attribute_and_list(api: Api) -> None:
    made = await api.made("/lists", {"name": "l"})
    ids = await _people(api, 30, list_id=made["id"])
    await api.made("/contacts", {**ANA, "lists": [made["id"]]})
    assert await _names(api, phone="+55 (41) 9123-4567") == ["Ana"]  # any spelling
    assert await _names(api, phone="41 99123 4567", country="BR") == ["Ana"]
    assert await _names(api, phone="55 41 980000", limit=2) == ["P0", "P1"]
    page = await api.get("/contacts", phone="554198000000", limit=4)
    rest = await api.get("/contacts", phone="554198000000", limit=9, cursor=page.data["next_cursor"])
    assert [each["id"] for each in page.data["items"] + rest.data["items"]] == ids[:10]
    assert rest.data["next_cursor"] is None
    assert await _names(api, phone="999") == []
    assert await _names(api, tag="vip") == ["Ana"]
    assert await _names(api, tag="nobody") == []
    odd = await _names(api, attribute="parity:1", list_id=made["id"], limit=100)
    assert odd == [f"P{n}" for n in range(29, 0, -2)]
    assert await _names(api, attribute="name:Ana", tag="vip") == ["Ana"]
    assert await _names(api, phone="+5541991234567", list_id=made["id"]) == ["Ana"]
    await api.delete(f"/lists/{made['id']}/members/{(await api.get('/contacts')).data['items'][0]['id']}")
    assert await _names(api, phone="+5541991234567", list_id=made["id"]) == []
    for query in ({"phone": "44", "list_id": made["id"]}, {"phone": "44", "tag": "x"}, {"phone": "a%"}):
        assert _problem(await api.get("/contacts", **query)) == (422, "invalid"), query


async def test_R09_lists_of_people_keep_their_limits_and_say_so_quickly(api: Api) -> None:
    made = await api.made("/lists", {"name": "l"})
    await _people(api, 3, list_id=made["id"])
    foreign = (await api.get("/contacts", limit=1)).data["next_cursor"]
    paths = ["/contacts", "/lists", f"/lists/{made['id']}/members", "/consents", "/imports"]
    for path in paths:
        for query in ({"limit": 10**9}, {"limit": -1}, {"limit": 0}, {"offset": -5, "limit": "x"}):
            assert _problem(await api.get(path, **query)) == (422, "invalid"), (path, query)
        if path != "/contacts":
            assert _problem(await api.get(path, cursor=foreign)) == (422, "bad-cursor"), path
        assert _problem(await api.get(path, cursor="x" * 300)) == (422, "bad-cursor"), path
    started = time.perf_counter()
    many = ",".join(f"con_{n}" for n in range(10_000))
    long = await api.get("/contacts", tag=many)
    assert long.status in (422, 400, 414), long.status
    ids = [f"con_{n}" for n in range(1, 10_001)]
    refused = await api.post(f"/lists/{made['id']}/members", {"contacts": ids})
    assert _problem(refused) == (422, "invalid")
    assert refused.data["errors"][0]["pointer"] == "#/contacts"
    assert time.perf_counter() - started < 1


async def test_R05_exported_people_are_text_in_a_spreadsheet_and_come_back_unchanged(api: Api) -> None:
    odd = {"a": "=1+1", "b": "+x", "c": "-x", "d": "@x", "e": "\tx", "f": "'=x", "name": 'say "é", ok'}
    made = await api.made("/contacts", {"phone": "+5541991234567", "attributes": odd})
    answer = await api.get("/contacts/export")
    assert answer.headers["Content-Type"].startswith("text/csv")
    text = answer.data
    assert text.startswith("\ufeffphone,a,b,c,d,e,f,name\r\n'+5541991234567,'=1+1,'+x,'-x,'@x,'\tx,''=x,")
    await api.delete(f"/contacts/{made['id']}")
    upload = await api.made("/uploads", raw=text.encode(), name="contacts.csv")
    seen = await api.made(f"/uploads/{upload['id']}/inspection", {})
    assert seen["mapping"] == {"phone": "phone", **{name: name for name in odd}}
    listed = await api.made("/lists", {"name": "empty"})
    only = await api.get("/contacts/export", list_id=listed["id"])
    assert only.data == "\ufeffphone\r\n"
    assert _problem(await api.get("/contacts/export", list_id="lst_99")) == (404, "not-found")
