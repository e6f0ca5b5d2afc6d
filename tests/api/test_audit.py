"""The audit log: read a page at a time, and proven to be as it was written."""

import asyncio

import pytest
import sqlalchemy as sa

from clarion.services.access import auditing
from clarion.services.workspaces import add_workspace
from clarion.store.access import audit
from clarion.store.tables import audit as table
from tests.support.api import Api


async def _write(api: Api, count: int, workspace: int = 1) -> None:
    async with api.db.transaction() as tx:
        for n in range(count):
            await audit.add(
                tx,
                workspace,
                actor=f"user:{n % 2}",
                action="launch_campaign" if n % 3 else "sign_in",
                target=f"cmp_{n}",
                detail={"n": n, "name": "é"},
            )


async def test_it_is_read_newest_first_and_by_what_was_asked_for(api: Api) -> None:
    await _write(api, 7)
    found, cursor = [], ""
    while True:
        answer = (await api.get("/audit", limit=3, **({"cursor": cursor} if cursor else {}))).data
        found += answer["items"]
        cursor = answer["next_cursor"]
        if not cursor:
            break
    assert [each["number"] for each in found] == [7, 6, 5, 4, 3, 2, 1]
    assert found[0]["detail"] == {"n": 6, "name": "é"}
    asked = (await api.get("/audit", actor="user:1", action="launch_campaign")).data["items"]
    assert [each["target"] for each in asked] == ["cmp_5", "cmp_1"]
    middle = found[3]["at"]
    later = (await api.get("/audit", after="2026-01-01T00:00:00Z", before=middle)).data["items"]
    assert all(each["at"] <= middle for each in later)
    assert (await api.get("/audit", before="2020-01-01T00:00:00Z")).data["items"] == []
    assert (await api.get("/audit", after="yesterday")).status == 422
    assert (await api.get("/audit", cursor="no")).status == 422


async def test_R26_each_workspace_has_a_log_of_its_own(api: Api) -> None:
    other, key = await api.other_workspace()
    await _write(api, 2)
    await _write(api, 3, other)
    assert [each["number"] for each in (await api.get("/audit", key=key)).data["items"]] == [3, 2, 1]
    assert (await api.get("/audit/verification", key=key)).data["entries"] == 3


async def test_a_log_that_nobody_touched_is_intact(api: Api) -> None:
    assert (await api.get("/audit/verification")).data == {
        "intact": True,
        "entries": 0,
        "first_broken": None,
        "hash": "",
    }
    await asyncio.gather(*(_write(api, 3) for _ in range(5)))  # those who write at once take turns
    found = (await api.get("/audit/verification")).data
    assert (found["intact"], found["entries"], found["first_broken"]) == (True, 15, None)
    async with api.db.reading() as tx:
        assert found["hash"] == await tx.scalar("SELECT hash FROM audit WHERE seq = 15")


@pytest.mark.parametrize(
    ("done", "first_broken"),
    [
        pytest.param(["UPDATE audit SET action = 'x' WHERE seq = 3"], 3, id="action changed"),
        pytest.param(["UPDATE audit SET detail = '{}' WHERE seq = 1"], 1, id="detail changed"),
        pytest.param(["UPDATE audit SET at = at + 1 WHERE seq = 5"], 5, id="the newest's time changed"),
        pytest.param(["DELETE FROM audit WHERE seq = 1"], 2, id="the first removed"),
        pytest.param(["DELETE FROM audit WHERE seq = 3"], 4, id="one removed"),
        pytest.param(["DELETE FROM audit WHERE seq = 5"], 5, id="the newest removed"),
        pytest.param(["DELETE FROM audit"], 1, id="all removed"),
        pytest.param(
            [
                "DELETE FROM audit WHERE seq = 5",
                "UPDATE audit_heads SET seq = 4",
            ],
            4,
            id="the newest removed, and the count with it",
        ),
        pytest.param(
            [
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            ],
            2,
            id="two swapped",
        ),
        pytest.param(
            [
                "INSERT INTO audit (workspace_id, seq, actor, action, hash) "
                "VALUES (1, 6, 'user:1', 'sign_in', 'made up')"
            ],
            6,
            id="one added by hand",
        ),
    ],
)
async def test_an_entry_that_was_changed_removed_or_swapped_is_found(
    api: Api, done: list[str], first_broken: int
) -> None:
    await _write(api, 5)
    async with api.db.transaction() as tx:
        for each in done:
            await tx.run(each)
    found = (await api.get("/audit/verification")).data
    assert (found["intact"], found["first_broken"]) == (False, first_broken)


async def test_a_break_beyond_the_first_batch_is_found(api: Api) -> None:
    other = await add_workspace(api.db, "other")
    await _write(api, 12)
    await _write(api, 5, other)
    async with api.db.transaction() as tx:
        await tx.run(sa.update(table).where(table.c.seq == 9, table.c.workspace_id == 1).values(target="x"))
    assert (await auditing.verify(api.db, workspace=1, batch=4)).first_broken == 9
    assert (await auditing.verify(api.db, workspace=other, batch=5)).intact
