"""What steps change about people, in the transaction that moves them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from clarion.domain.news import Event
from clarion.store import conversations, dialect, lists, news, suppressions
from clarion.store.counts import Moves, apply
from clarion.store.db import Tx
from clarion.store.suppressions import Stop

_IDS = dialect.Rows({"id": "int"})
_CHANGED = dialect.Rows({"id": "int", "attributes": "json", "tags": "json"})
_MEMBERS = dialect.Rows({"id": "int", "list": "int"})


async def lock(tx: Tx, contacts: Sequence[int]) -> dict[int, tuple[dict[str, Any], list[str]]]:
    """Contact -> attributes and tags, held for this transaction."""
    rows = await tx.all(
        f"SELECT id, attributes, tags FROM contacts WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        f"ORDER BY id {dialect.for_update(tx.name)}",
        _IDS.params(tx.name, [[c] for c in sorted(set(contacts))]),
    )
    return {r.id: (dict(dialect.json_value(r.attributes)), list(dialect.json_value(r.tags))) for r in rows}


async def keep(tx: Tx, changed: Sequence[tuple[int, dict[str, Any], list[str]]], now: int) -> None:
    """Write attributes and tags of contacts whose rows the caller has locked."""
    if changed:
        rows = [[c, orjson.dumps(a).decode(), orjson.dumps(t).decode()] for c, a, t in changed]
        await tx.run(
            "UPDATE contacts SET attributes = v.attributes, tags = v.tags, updated_at = :now "
            f"FROM {_CHANGED.sql(tx.name)} WHERE contacts.id = v.id",
            {"now": now, **_CHANGED.params(tx.name, rows)},
        )


async def change_lists(
    tx: Tx, workspace: int, *, add: Sequence[tuple[int, str]], remove: Sequence[tuple[int, str]]
) -> None:
    """Put [contact, list] on lists, which are made if new, and take others off."""
    ids = {
        name: await lists.ensure(tx, workspace, name)
        for name in sorted({name for _, name in (*add, *remove)})
    }
    grown: Counter[int] = Counter()
    if add:
        added = await tx.all(
            "INSERT INTO list_members (list_id, contact_id) "
            f"SELECT v.list, v.id FROM {_MEMBERS.sql(tx.name)} WHERE true ON CONFLICT (contact_id, list_id) DO NOTHING "
            "RETURNING list_id",
            _MEMBERS.params(tx.name, [[c, ids[name]] for c, name in add]),
        )
        grown.update(row.list_id for row in added)
    for contact, name in remove:
        grown[ids[name]] -= await tx.run(
            "DELETE FROM list_members WHERE contact_id = :contact AND list_id = :list",
            {"contact": contact, "list": ids[name]},
        )
    await lists.count(tx, grown)


async def consent(tx: Tx, *, stop: Sequence[tuple[int, str]], lift: Sequence[tuple[int, str]]) -> None:
    """Obey what (workspace, person) decided inside a journey about hearing from us."""
    for workspace, person in lift:
        await suppressions.lift(tx, workspace, person)
    if stop:
        moves = Moves()
        stops = [Stop(workspace, person, suppressions.OPT_OUT, "journey") for workspace, person in stop]
        await suppressions.stop(tx, stops, moves)
        await apply(tx, moves.deltas)


async def hand_off(tx: Tx, position_id: int, visit: int, *, note: str, waits: bool, now: int) -> None:
    """Put the position's conversation before people; doing it again changes nothing."""
    made = await tx.all(
        """
        INSERT INTO handoffs (workspace_id, contact_id, sender_id, position_id, visit, waits, note, state, opened_at)
        SELECT p.workspace_id, p.contact_id, p.sender_id, p.id, cast(:visit AS bigint), cast(:waits AS bigint) = 1,
               :note, 'open', cast(:now AS bigint)
        FROM positions p WHERE p.id = :position
        ON CONFLICT (position_id, visit) DO NOTHING RETURNING id, workspace_id
        """,
        {"position": position_id, "visit": visit, "waits": int(waits), "note": note, "now": now},
    )
    if made:
        await conversations.handed_over(tx, position_id, now)
        await news.tell(tx, [news.News(row.workspace_id, Event.HANDOFF_OPENED, row.id) for row in made])
