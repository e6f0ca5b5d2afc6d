"""Who may enter a run: the people of its lists, a window at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store import dialect
from clarion.store.audience import Audience
from clarion.store.db import Tx
from clarion.store.runs import looking

_IDS = dialect.Rows({"id": "int"})


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as an audience's filter sees it. `attributes` and `tags` as stored."""

    id: int
    person: str
    address: str
    attributes: Any
    tags: Any
    language: str
    timezone: str
    opted_out: bool
    lists: frozenset[str]


async def between(tx: Tx, audience: Audience, *, after: int, upto: int) -> list[int]:
    """The contacts of the rows in (after, upto], each once, in the order of the lists."""
    rows = await tx.all(
        f"SELECT m.id, m.contact_id FROM {audience.rows} ORDER BY m.id",
        {**audience.params, "after": after, "upto": upto},
    )
    return list(dict.fromkeys(row.contact_id for row in rows))


async def known(tx: Tx, contacts: Sequence[int]) -> list[Known]:
    """These contacts with everything a condition may look at, in the order given."""
    rows = await tx.all(
        f"""
        SELECT c.id, c.person, c.address, c.attributes, c.tags, c.language, c.timezone,
               EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = c.workspace_id AND s.person = c.person
                       AND s.reason = 'opt_out') AS opted_out
        FROM {_IDS.sql(tx.name)} JOIN contacts c ON c.id = v.id
        """,
        _IDS.params(tx.name, [[c] for c in contacts]),
    )
    lists = await looking.lists_of(tx, contacts)
    by_id = {
        r.id: Known(
            r.id, r.person, r.address, r.attributes, r.tags, r.language, r.timezone, bool(r.opted_out),
            lists.get(r.id, frozenset()),
        )
        for r in rows
    }  # fmt: skip
    return [by_id[contact] for contact in contacts if contact in by_id]


async def sender_of(tx: Tx, workspace: int, name: str) -> int:
    """The id of the sender with this name, 0 if there is none."""
    found = await tx.scalar(
        "SELECT id FROM senders WHERE workspace_id = :workspace AND name = :name",
        {"workspace": workspace, "name": name},
    )
    return int(found or 0)


async def remember_clearing(tx: Tx, run_id: int, last: int) -> None:
    """A stopped run was cleared up to this position; its audience is of no more interest."""
    if last:
        await tx.run(
            "UPDATE runs SET cursor = :last, bound = -1 WHERE id = :run", {"run": run_id, "last": last}
        )
