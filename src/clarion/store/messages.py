"""Messages as people look at them: each with where it stands, whether it still waits in the outbox or is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store import dialect
from clarion.store.db import Tx


@dataclass(frozen=True, slots=True)
class Message:
    """A message and, while it has one, its outbox row. Instants in microseconds since 1970, 0 for never."""

    id: int
    campaign_id: int
    run_id: int
    position_id: int
    contact_id: int
    place: int
    sender_id: int
    address: str
    status: str
    attempts: int
    provider_id: str
    fault_kind: str
    fault_code: str
    fault_reason: str
    conflict: bool
    unresolved: bool
    created_at: int
    due_at: int
    expires_at: int
    accepted_at: int
    sent_at: int
    delivered_at: int
    read_at: int
    failed_at: int


STATUS = "CASE WHEN o.state = 'held' THEN 'queued' ELSE coalesce(o.state, m.status) END"
"""Of messages `m`, left-joined with the outbox `o`. A held one waits like the others, for its run."""

_SHOWN = f"""
    m.id, coalesce(m.campaign_id, 0) AS campaign_id, m.run_id, m.position_id, m.contact_id, m.place, m.sender_id,
    m.address, {STATUS} AS status, coalesce(o.attempts, m.attempts) AS attempts,
    coalesce(m.provider_id, '') AS provider_id, m.fault_kind, m.fault_code, m.fault_reason, m.conflict,
    coalesce(o.unresolved, :no) AS unresolved, m.created_at, coalesce(o.due_at, 0) AS due_at,
    coalesce(o.expires_at, 0) AS expires_at, m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at
"""
_IDS = dialect.Rows({"id": "int"})


@dataclass(frozen=True, slots=True)
class Whole:
    """One message with what it says, and what is decided about it."""

    message: Message
    row: Any
    """`variables`, `content`, `priority`, `policy`, `doubted_at` beside the message's own columns."""


async def find(tx: Tx, workspace: int, message_id: int) -> Whole | None:
    """One message of a workspace."""
    row = await tx.first(
        f"SELECT {_SHOWN}, m.variables, m.content, coalesce(o.priority, 0) AS priority, "
        "coalesce(o.policy, '') AS policy, coalesce(o.doubted_at, 0) AS doubted_at "
        "FROM messages m LEFT JOIN outbox o ON o.message_id = m.id "
        "WHERE m.id = :id AND m.workspace_id = :workspace",
        {"id": message_id, "workspace": workspace, "no": False},
    )
    return None if row is None else Whole(_message(row), row)


async def by_ids(tx: Tx, ids: Sequence[int]) -> list[Message]:
    """These messages, in this order."""
    if not ids:
        return []
    rows = await tx.all(
        f"SELECT {_SHOWN} FROM {_IDS.sql(tx.name)} JOIN messages m ON m.id = v.id "
        "LEFT JOIN outbox o ON o.message_id = m.id",
        {"no": False, **_IDS.params(tx.name, [[i] for i in ids])},
    )
    found = {row.id: _message(row) for row in rows}
    return [found[i] for i in ids if i in found]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that did not end in the message's last answer. `outcome`: not_sent, unknown, rejected, absent, ..."""

    outcome: str
    code: str
    reason: str
    ended_at: int


async def attempts(tx: Tx, message_id: int, *, limit: int = 50) -> list[Attempt]:
    """The requests made for a message that need telling apart from its latest one, oldest first."""
    rows = await tx.all(
        "SELECT outcome, code, reason, ended_at FROM attempts WHERE message_id = :id "
        "ORDER BY ended_at, attempt_id LIMIT :limit",
        {"id": message_id, "limit": limit},
    )
    return [Attempt(row.outcome, row.code, row.reason, row.ended_at) for row in rows]


async def doubts(tx: Tx, workspace: int, *, after: int, unresolved: bool | None, limit: int) -> list[Message]:
    """Messages nobody knows about, oldest first, from the one after `after` on; only those (not) `unresolved`."""
    only = "" if unresolved is None else "AND o.unresolved = :unresolved "
    rows = await tx.all(
        "SELECT o.message_id AS id FROM outbox o WHERE o.state = 'unknown' AND o.state <> 'queued' "
        f"AND o.workspace_id = :workspace AND o.message_id > :after {only}ORDER BY o.message_id LIMIT :limit",
        {
            "workspace": workspace,
            "after": after,
            "limit": limit,
            **({} if unresolved is None else {"unresolved": unresolved}),
        },
    )
    return await by_ids(tx, [row.id for row in rows])


def _message(row: Any) -> Message:
    values = {name: getattr(row, name) for name in Message.__dataclass_fields__}
    return Message(**{**values, "conflict": bool(row.conflict), "unresolved": bool(row.unresolved)})


async def person_of(tx: Tx, workspace: int, contact_id: int) -> str | None:
    """The person a contact of the workspace stands for."""
    person: str | None = await tx.scalar(
        "SELECT person FROM contacts WHERE id = :id AND workspace_id = :workspace",
        {"id": contact_id, "workspace": workspace},
    )
    return person


def own_content(row: Any) -> Any:
    """What a message without a campaign says."""
    return dialect.json_value(row.content)
