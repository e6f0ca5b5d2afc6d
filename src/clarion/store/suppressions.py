"""People who must not be written to: opt-outs for good, marketing caps for a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.store import counts, dialect, news
from clarion.store.db import Tx
from clarion.store.outbox.claim import close
from clarion.store.runs import events

OPT_OUT = "opt_out"
MARKETING_CAP = "marketing_cap"


@dataclass(frozen=True, slots=True)
class Stop:
    """Do not write to `person` until `until` (0 = for good). `source` says who told us, without personal data."""

    workspace_id: int
    person: str
    reason: str
    source: str
    until: int = 0


_STOPS = dialect.Rows(
    {"workspace": "int", "person": "text", "reason": "text", "source": "text", "until": "int"}
)

_PEOPLE = dialect.Rows({"person": "text"})


async def stop(tx: Tx, stops: Sequence[Stop], moves: counts.Moves) -> None:
    """Store the stops, close what these people still had in the outbox and end their journeys, in this transaction.

    An opt-out outweighs a cap and never becomes one. Locking the outbox rows makes it exact: a mark that came
    first commits first, and one that comes later finds its row gone.
    """
    latest = {(s.workspace_id, s.person): s for s in sorted(stops, key=lambda s: s.reason == OPT_OUT)}
    if not latest:
        return
    values = _STOPS.params(
        tx.name,
        [[s.workspace_id, s.person, s.reason, s.source, s.until] for _, s in sorted(latest.items())],
    )
    stopped = await tx.all(
        f"""
        INSERT INTO suppressions (workspace_id, person, reason, source, until, created_at)
        SELECT v.workspace, v.person, v.reason, v.source, v.until, {dialect.now_sql(tx.name)}
        FROM {_STOPS.sql(tx.name)} WHERE true
        ON CONFLICT (workspace_id, person) DO UPDATE
        SET reason = excluded.reason, source = excluded.source, until = excluded.until,
            created_at = excluded.created_at
        WHERE suppressions.reason <> '{OPT_OUT}'
        RETURNING workspace_id, person, reason, source
        """,
        values,
    )
    await news.tell(
        tx,
        [
            news.News(
                row.workspace_id,
                Event.CONTACT_OPTED_OUT,
                0,
                data={"person": row.person, "source": row.source},
            )
            for row in stopped
            if row.reason == OPT_OUT
        ],
    )
    rows = await tx.all(
        f"""
        SELECT o.message_id, o.campaign_id, o.state FROM outbox o
        JOIN {_STOPS.sql(tx.name)} ON v.workspace = o.workspace_id AND v.person = o.person
        WHERE o.state IN ('queued', 'leased', 'held') ORDER BY o.message_id
        {dialect.for_update(tx.name).replace("FOR UPDATE", "FOR UPDATE OF o")}
        """,
        values,
    )
    await close(tx, [row.message_id for row in rows], Status.SUPPRESSED)
    for row in rows:
        moves.move(row.campaign_id, row.state, Status.SUPPRESSED)
    left = [key for key, each in latest.items() if each.reason == OPT_OUT]
    await events.stop_people(tx, left, "the person does not want to hear from us")


async def lift(tx: Tx, workspace_id: int, person: str) -> bool:
    """The person asked to hear from us again; True if a stop was there."""
    gone = await tx.first(
        "DELETE FROM suppressions WHERE workspace_id = :workspace AND person = :person RETURNING reason",
        {"workspace": workspace_id, "person": person},
    )
    if gone is not None and gone.reason == OPT_OUT:
        await news.tell(tx, [news.News(workspace_id, Event.CONTACT_OPTED_IN, 0, data={"person": person})])
    return gone is not None


async def opted_out(tx: Tx, workspace_id: int, people: Sequence[str]) -> dict[str, str]:
    """Those of the people who must not be written to for good, with who told us."""
    if not people:
        return {}
    rows = await tx.all(
        f"SELECT s.person, s.source FROM {_PEOPLE.sql(tx.name)} JOIN suppressions s "
        "ON s.workspace_id = :workspace AND s.person = v.person WHERE s.until = 0",
        {"workspace": workspace_id, **_PEOPLE.params(tx.name, [[each] for each in people])},
    )
    return {row.person: row.source for row in rows}


async def opt_outs(
    tx: Tx, workspace_id: int, *, person: str = "", before: tuple[int, str] | None = None, limit: int = 50
) -> Sequence[sa.Row[Any]]:
    """The newest opt-outs: `person`, `source`, `created_at`, and the contact's `contact_id` and `address`, if any."""
    where = ""
    values: dict[str, object] = {"workspace": workspace_id, "limit": limit}
    if person:
        where, values = "AND s.person = :person", {**values, "person": person}
    elif before:
        where = "AND (s.created_at, s.person) < (:at, :before)"
        values = {**values, "at": before[0], "before": before[1]}
    return await tx.all(
        f"""
        SELECT s.person, s.source, s.created_at, c.id AS contact_id, c.address FROM suppressions s
        LEFT JOIN contacts c ON c.workspace_id = s.workspace_id AND c.person = s.person
        WHERE s.workspace_id = :workspace AND s.reason = 'opt_out' {where}
        ORDER BY s.created_at DESC, s.person DESC LIMIT :limit
        """,
        values,
    )


async def forget_cap(tx: Tx, workspace_id: int, person: str) -> None:
    """Forget that the person must not be written to for a while; an opt-out stays."""
    await tx.run(
        "DELETE FROM suppressions WHERE workspace_id = :workspace AND person = :person AND reason <> 'opt_out'",
        {"workspace": workspace_id, "person": person},
    )
