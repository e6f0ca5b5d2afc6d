"""The same request again, at once or later: one effect, and the first answer."""

import asyncio

import pytest

from tests.support.api import Api

LIST = {"name": "customers"}


async def test_R07_the_same_idempotency_key_fifty_times_at_once(api: Api) -> None:
    headers = {"Idempotency-Key": "only-one"}
    answers = await asyncio.gather(*(api.post("/lists", LIST, headers=headers) for _ in range(50)))
    assert {answer.status for answer in answers} == {201}
    assert len({(answer.data["id"], answer.headers["Location"]) for answer in answers}) == 1
    assert len([a for a in answers if a.headers.get("Idempotency-Replayed")]) == 49
    other = await api.post("/lists", {"name": "others"}, headers=headers)
    assert (other.status, other.data["type"]) == (422, "urn:clarion:problem:idempotency-key-reused")
    listed = await api.get("/lists")
    assert [each["name"] for each in listed.data["items"]] == ["customers"]
    async with api.db.reading() as tx:
        noted = await tx.all("SELECT action, target, actor FROM audit ORDER BY seq")
    assert [(row.action, row.target) for row in noted] == [("create_list", answers[0].data["id"])]


async def test_a_refusal_takes_no_key(api: Api) -> None:
    headers = {"Idempotency-Key": "mended"}
    assert (await api.post("/lists", {"name": ""}, headers=headers)).status == 422
    assert (await api.post("/lists", LIST, headers=headers)).status == 201
    assert (await api.post("/lists", LIST)).status == 409  # without a key it is another wish


async def test_a_key_belongs_to_who_sent_it(api: Api) -> None:
    headers = {"Idempotency-Key": "mine"}
    _, theirs = await api.other_workspace()
    assert (await api.post("/lists", LIST, headers=headers)).status == 201
    other = await api.post("/lists", LIST, headers=headers, key=theirs)
    assert (other.status, other.headers.get("Idempotency-Replayed")) == (201, None)


@pytest.mark.parametrize("bad", ["", "x" * 256, "\u00e9"])
async def test_a_bad_key_is_refused(api: Api, bad: str) -> None:
    answer = await api.post("/lists", LIST, headers={"Idempotency-Key": bad})
    assert (answer.status, answer.data["type"]) == (400, "urn:clarion:problem:bad-header")
