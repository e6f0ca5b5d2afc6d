"""Opt-outs over HTTP: final until lifted, whoever is asked to send."""

from pathlib import Path

from tests.api.test_erasure import asking, people_of
from tests.support.api import Api
from tests.support.stack import stack


async def test_an_opt_out_is_stored_listed_looked_up_and_lifted(api: Api) -> None:
    made = await api.made("/contacts", {"phone": "+5541991234567"})
    path = f"/contacts/{made['id']}/consent"
    wish = {"state": "opted_out", "source": "call centre"}
    stored = await api.put(path, wish)
    assert stored.status == 200
    assert (stored.data["state"], stored.data["source"]) == ("opted_out", "call centre")
    assert (stored.data["contact_id"], stored.data["phone"]) == (made["id"], "+5541991234567")
    assert (await api.put(path, {**wish, "source": "again"})).data == stored.data  # the first word stands
    assert (await api.get(f"/contacts/{made['id']}")).data["opted_out"] is True
    for n in range(3):
        await api.made("/consents", {"phone": f"4199000000{n}", "country": "BR", "state": "opted_out"})
    page = await api.get("/consents", limit=3)
    assert [each["person"] for each in page.data["items"]] == [f"554199000000{n}" for n in (2, 1, 0)]
    assert page.data["items"][0]["contact_id"] is None
    rest = await api.get("/consents", limit=3, cursor=page.data["next_cursor"])
    assert (rest.data["items"], rest.data["next_cursor"]) == ([stored.data], None)
    known = await api.get("/consents/lookup", phone="+55 41 9123-4567")
    assert known.data == stored.data
    lifted = await api.put(path, {"state": "opted_in", "source": "form"})
    assert (lifted.data["state"], lifted.data["since"]) == ("opted_in", None)
    assert (await api.get(f"/contacts/{made['id']}")).data["opted_out"] is False
    unknown = await api.get("/consents/lookup", phone="+5541911111111")
    assert (unknown.data["state"], unknown.data["contact_id"]) == ("opted_in", None)
    assert (await api.post("/consents", {"phone": "x", "state": "opted_out"})).status == 422
    assert (await api.put(path, {"state": "maybe"})).status == 422
    async with api.db.reading() as tx:
        noted = await tx.all("SELECT target, detail FROM audit WHERE action = 'set_consent_of_number'")
    assert {row.target for row in noted} == {"somebody who is no contact"}  # no number in the log
    assert "0000000" not in str(noted)


async def test_P8_once_an_opt_out_is_stored_no_message_starts(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as running, asking(running) as ask:
        sender = await running.whatsapp(rate=40)
        campaign = await running.campaign(sender, await people_of(ask, 40))
        last = "+5541980000039"
        answer = await ask("POST", "/consents", {"phone": last, "state": "opted_out"})
        assert answer.status == 200
        counts = await running.settled(campaign)
        assert counts["suppressed"] == 1
        assert last not in running.accepted()
        assert await running.books() == []
