"""What a worker's death leaves behind, put where it belongs: nothing is ever guessed."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.store import counts, dialect, news
from clarion.store.db import Tx
from clarion.store.outbox.settle import note

_NAMES = dialect.Rows({"name": "text"})

HELD = "state <> 'queued'"
"""Says of ix_outbox_held what its other conditions imply: SQLite uses a partial index only when told so in its own
words, and would walk the whole outbox otherwise."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """`returned` leases went back to the queue, `doubted` marks became unknown; `senders` have work again."""

    returned: int
    doubted: int
    senders: frozenset[int]


async def recover(
    tx: Tx, *, first_look: int, dead: Sequence[str] = (), everybody_but: str | None = None
) -> Recovered:
    """End leases and marks that ran out, or whose worker is in `dead`.

    `everybody_but` names the only worker alive: used at the start of an engine that owns its database alone.
    A lease proves nothing was sent, so it returns to the queue; a mark proves nothing either way.
    """
    now = await tx.now()
    whose = f"worker IN (SELECT name FROM {_NAMES.sql(tx.name)})"
    if everybody_but is not None:
        whose = "worker <> :alive"
    values = {
        "now": now,
        "look": now + first_look,
        "alive": everybody_but,
        **_NAMES.params(tx.name, [[d] for d in dead]),
    }
    moves = counts.Moves()
    leased = await tx.all(
        f"UPDATE outbox SET state = 'queued', until = 0, worker = '' "
        f"WHERE state = 'leased' AND {HELD} AND (until <= :now OR {whose}) RETURNING sender_id, campaign_id",
        _used(values, whose, look=False),
    )
    marked = await tx.all(
        "UPDATE outbox SET state = 'unknown', doubted_at = :now, until = :look, looks = 0, worker = '' "
        f"WHERE state = 'sending' AND {HELD} AND (until <= :now OR {whose}) "
        "RETURNING sender_id, campaign_id, message_id, attempt_id, workspace_id",
        _used(values, whose, look=True),
    )
    for row in leased:
        moves.move(row.campaign_id, Status.LEASED, Status.QUEUED)
    for row in marked:
        moves.move(row.campaign_id, Status.SENDING, Status.UNKNOWN)
    await news.tell(
        tx, [news.News(row.workspace_id, Event.MESSAGE_UNKNOWN, row.message_id, now) for row in marked]
    )
    if everybody_but is not None:
        # Nobody else is alive, so these requests cannot begin any more: whoever made them has ended.
        ended = "the process ended before the answer was stored"
        await note(tx, [[row.attempt_id, row.message_id, "unknown", "", ended, ""] for row in marked], now)
    await counts.apply(tx, moves.deltas)
    return Recovered(len(leased), len(marked), frozenset(row.sender_id for row in leased))


def _used(values: dict[str, object], whose: str, *, look: bool) -> dict[str, object]:
    # A statement must be given exactly the values it names.
    by_name = ":alive" in whose
    return {
        key: value
        for key, value in values.items()
        if (key != "look" or look)
        and (key != "alive" or by_name)
        and (not key.startswith("v_") or not by_name)
    }
