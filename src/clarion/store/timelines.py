"""A sender's timeline: the one row every claim locks."""

from dataclasses import dataclass

from clarion.domain.pacing import Timeline, slow_down
from clarion.store import dialect
from clarion.store.db import Tx

_FIELDS = ("rate", "pace", "paced_at", "throttled_at", "free_at", "hold_until")


@dataclass(frozen=True, slots=True)
class Held:
    """A locked timeline, whether its sender may send, and which worker claimed on it last."""

    line: Timeline
    state: str
    worker: str


async def lock(tx: Tx, sender_id: int) -> Held | None:
    """Lock the sender's timeline for this transaction; None if there is no such sender."""
    lock_line = dialect.for_update(tx.name).replace("FOR UPDATE", "FOR UPDATE OF t")
    row = await tx.first(
        f"SELECT {', '.join('t.' + f for f in _FIELDS)}, s.state, t.worker FROM timelines t "
        f"JOIN senders s ON s.id = t.sender_id WHERE t.sender_id = :sender {lock_line}",
        {"sender": sender_id},
    )
    if row is None:
        return None
    return Held(Timeline(**{field: getattr(row, field) for field in _FIELDS}), row.state, row.worker)


async def keep(tx: Tx, sender_id: int, line: Timeline, *, worker: str | None = None) -> None:
    """Store the line as it is now, and who claimed on it."""
    values = {"sender": sender_id, **{field: getattr(line, field) for field in _FIELDS}}
    changes = [f"{field} = :{field}" for field in _FIELDS]
    if worker is not None:
        changes.append("worker = :worker")
        values["worker"] = worker
    await tx.run(f"UPDATE timelines SET {', '.join(changes)} WHERE sender_id = :sender", values)


async def throttle(tx: Tx, sender_id: int, *, hold: int = 0) -> Timeline | None:
    """Halve the sender's pace (at most once a second) and let nothing start for `hold` microseconds."""
    held = await lock(tx, sender_id)
    if held is None:
        return None
    line = slow_down(held.line, now=await tx.now(), hold=hold)
    if (line.throttled_at, line.hold_until) != (held.line.throttled_at, held.line.hold_until):
        await keep(tx, sender_id, line)  # else it only climbed, which every reader works out again
    return line
