"""What happens to messages, told to the positions that sent them and want to know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from clarion.domain.message import Status
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import events

_BITS = {"accepted": 1, "delivered": 2, "read": 4, "failed": 8}

_MEANS = {
    Status.ACCEPTED: 1,
    Status.SENT: 1,
    Status.DELIVERED: 1 | 2,
    Status.READ: 1 | 2 | 4,
    Status.FAILED: 8,
    Status.CANCELLED: 8,
    Status.EXPIRED: 8,
    Status.SUPPRESSED: 8,
}
"""What each status tells: a message that was read was delivered, whatever order the receipts came in."""


@dataclass(frozen=True, slots=True)
class News:
    """A message of a run now stands at `status`; `code` and `reason` tell why it failed."""

    message_id: int
    status: Status
    code: str = ""
    reason: str = ""


_NEWS = dialect.Rows({"id": "int", "bits": "int", "data": "json"})


def bits(awaits: Iterable[str]) -> int:
    """The stored form of what a node awaits."""
    return sum(_BITS[each] for each in awaits)


async def tell(tx: Tx, news: Sequence[News]) -> None:
    """Write an event for each position whose newest message this is and which awaits it.

    The caller holds the messages' rows: a step that comes to await a status reads that status under a lock of
    its own, so one of the two sees the other.
    """
    rows = [[n.message_id, _MEANS[n.status], _data(n)] for n in news if n.status in _MEANS]
    if rows:
        await tx.run(
            f"""
            INSERT INTO position_events (position_id, run_id, kind, data, rank, at)
            SELECT p.id, p.run_id, 'message', v.data, {events.NEWS}, {dialect.now_sql(tx.name)}
            FROM {_NEWS.sql(tx.name)} JOIN messages m ON m.id = v.id
            JOIN positions p ON p.id = m.position_id AND p.message_id = m.id
            WHERE p.outcome = '' AND (p.awaits & v.bits) <> 0
            """,
            _NEWS.params(tx.name, rows),
        )


def _data(news: News) -> str:
    said = {
        "message_id": news.message_id,
        "status": news.status.value,
        "code": news.code,
        "reason": news.reason,
    }
    return orjson.dumps(said).decode()
