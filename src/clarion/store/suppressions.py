"""People who must not be written to: opt-outs for good, marketing caps for a day."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.message import Status
from clarion.store import counts, dialect
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
    await tx.run(
        f"""
        INSERT INTO suppressions (workspace_id, person, reason, source, until, created_at)
        SELECT v.workspace, v.person, v.reason, v.source, v.until, {dialect.now_sql(tx.name)}
        FROM {_STOPS.sql(tx.name)} WHERE true
        ON CONFLICT (workspace_id, person) DO UPDATE
        SET reason = excluded.reason, source = excluded.source, until = excluded.until,
            created_at = excluded.created_at
        WHERE suppressions.reason <> '{OPT_OUT}'
        """,
        values,
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
    gone = await tx.run(
        "DELETE FROM suppressions WHERE workspace_id = :workspace AND person = :person",
        {"workspace": workspace_id, "person": person},
    )
    return gone > 0
