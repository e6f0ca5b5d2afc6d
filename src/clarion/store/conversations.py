"""The inbox: one conversation for each person on each of our numbers, moved in the transaction that stores replies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.errors import NotFound
from clarion.store import dialect
from clarion.store.db import Tx

_HEARD = dialect.Rows({"id": "int", "address": "text"})

WANTED = "('inbox', 'late')"
"""Where replies go that no journey took: people are to read them."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with what is shown of it. `last_text` and `last_kind` are of the person's newest reply.

    `address` is what they last wrote from, "" when they hide their number. `handoff_id`: the newest one that is
    open, 0 for none. Instants in microseconds since 1970, 0 for never.
    """

    id: int
    workspace_id: int
    sender_id: int
    sender: str
    provider: str
    config: dict[str, Any]
    person: str
    address: str
    contact_id: int
    attributes: dict[str, Any]
    state: str
    assignee_id: int
    unread: int
    reply_id: int
    last_text: str
    last_kind: str
    replied_at: int
    moved_at: int
    stopped: str
    handoff_id: int
    handoff_note: str
    handoff_waits: bool
    handed_over_at: int
    seen_at: int  # the database's clock when it was read: windows are counted by it


# The + keeps SQLite from walking all open handoffs of the workspace for each conversation.
_SHOWN = """
    SELECT v.id, v.workspace_id, v.sender_id, s.name AS sender, s.provider, s.config, v.person,
           CASE WHEN v.address <> '' THEN v.address ELSE coalesce(c.address, '') END AS address, v.contact_id,
           c.attributes, v.state, v.assignee_id, v.unread, v.reply_id, v.replied_at, v.moved_at,
           coalesce(CASE WHEN r.text <> '' THEN r.text ELSE r.payload END, '') AS last_text,
           coalesce(r.kind, '') AS last_kind,
           coalesce((SELECT x.reason FROM suppressions x WHERE x.workspace_id = v.workspace_id
                     AND x.person = v.person AND (x.until = 0 OR x.until > :now)), '') AS stopped,
           coalesce(h.id, 0) AS handoff_id, coalesce(h.note, '') AS handoff_note,
           coalesce(h.waits, false) AS handoff_waits, coalesce(h.opened_at, 0) AS handed_over_at,
           cast(:now AS bigint) AS seen_at
    FROM {source} AS v JOIN senders s ON s.id = v.sender_id
    LEFT JOIN contacts c ON c.workspace_id = v.workspace_id AND c.id = v.contact_id
    LEFT JOIN replies r ON r.id = v.reply_id
    LEFT JOIN handoffs h ON h.id = (
        SELECT max(o.id) FROM handoffs o WHERE o.contact_id = v.contact_id AND o.state = 'open'
        AND o.sender_id = v.sender_id AND +o.workspace_id = v.workspace_id)
"""


async def heard(tx: Tx, said: Sequence[tuple[int, str]]) -> None:
    """Move the conversations of replies just stored and routed: [reply, address it came from].

    What a journey took (or what was obeyed as a stop) neither opens a conversation nor counts as unread. Set-based
    and in one order for everybody, so that two transactions never wait for each other in a ring.
    """
    if not said:
        return
    newest = "max" if tx.name == "sqlite" else "greatest"
    held = "conversations"
    await tx.run(
        f"""
        INSERT INTO conversations (workspace_id, sender_id, person, address, contact_id, state, unread, reply_id,
                                   replied_at, moved_at)
        SELECT r.workspace_id, r.sender_id, r.person, max(v.address), coalesce(max(c.id), 0),
               CASE WHEN sum(CASE WHEN r.routed IN {WANTED} THEN 1 ELSE 0 END) > 0 THEN 'open' ELSE 'closed' END,
               sum(CASE WHEN r.routed IN {WANTED} THEN 1 ELSE 0 END), max(r.id),
               max(CASE WHEN r.kind <> 'system' THEN r.received_at ELSE 0 END), max(r.received_at)
        FROM {_HEARD.sql(tx.name)} JOIN replies r ON r.id = v.id
        LEFT JOIN contacts c ON c.workspace_id = r.workspace_id AND c.person = r.person
        GROUP BY r.workspace_id, r.sender_id, r.person ORDER BY r.sender_id, r.person
        ON CONFLICT (sender_id, person) DO UPDATE SET
          address = CASE WHEN excluded.address <> '' THEN excluded.address ELSE {held}.address END,
          contact_id = CASE WHEN excluded.contact_id <> 0 THEN excluded.contact_id ELSE {held}.contact_id END,
          state = CASE WHEN excluded.state = 'open' THEN 'open' ELSE {held}.state END,
          unread = {held}.unread + excluded.unread,
          reply_id = {newest}({held}.reply_id, excluded.reply_id),
          replied_at = {newest}({held}.replied_at, excluded.replied_at),
          moved_at = {newest}({held}.moved_at, excluded.moved_at)
        """,
        _HEARD.params(tx.name, [list(each) for each in said]),
    )


async def handed_over(tx: Tx, position_id: int, now: int) -> None:
    """Open the conversation of a position that was put before people, made if the person never wrote."""
    await tx.run(
        """
        INSERT INTO conversations (workspace_id, sender_id, person, address, contact_id, state, moved_at)
        SELECT p.workspace_id, p.sender_id, p.person, c.address, c.id, 'open', cast(:now AS bigint)
        FROM positions p JOIN contacts c ON c.id = p.contact_id WHERE p.id = :position AND p.sender_id <> 0
        ON CONFLICT (sender_id, person) DO UPDATE
        SET state = 'open', moved_at = excluded.moved_at, contact_id = excluded.contact_id
        """,
        {"position": position_id, "now": now},
    )


async def page(
    tx: Tx,
    workspace: int,
    *,
    state: str = "",
    assignee: int | None = None,
    unread: bool = False,
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """Conversations by when they moved, newest first; `before` is the last one's (moved_at, id).

    `assignee`: a user's, or nobody's (0).
    """
    wanted = ["workspace_id = :workspace"]
    values: dict[str, Any] = {"workspace": workspace, "limit": limit, "now": await tx.now()}
    if state:
        wanted.append({"open": "state = 'open'", "closed": "state = 'closed'"}[state])
    if unread:
        wanted.append("unread > 0")
    if assignee is not None:
        wanted.append("assignee_id = :assignee AND assignee_id <> 0" if assignee else "assignee_id = 0")
        values |= {"assignee": assignee} if assignee else {}
    if before:
        wanted.append("(moved_at, id) < (:moved, :id)")
        values |= {"moved": before[0], "id": before[1]}
    some = (
        f"(SELECT * FROM conversations WHERE {' AND '.join(wanted)} "
        "ORDER BY moved_at DESC, id DESC LIMIT :limit)"
    )
    rows = await tx.all(f"{_SHOWN.format(source=some)} ORDER BY v.moved_at DESC, v.id DESC", values)
    return [_conversation(row) for row in rows]


async def find(tx: Tx, workspace: int, conversation_id: int) -> Conversation:
    """One conversation. Raises NotFound."""
    row = await tx.first(
        f"{_SHOWN.format(source='conversations')} WHERE v.id = :id AND v.workspace_id = :workspace",
        {"id": conversation_id, "workspace": workspace, "now": await tx.now()},
    )
    if row is None:
        raise NotFound("conversation", conversation_id)
    return _conversation(row)


async def lock(tx: Tx, workspace: int, conversation_id: int) -> Conversation:
    """The same, held until the transaction ends."""
    found = await tx.first(
        f"SELECT id FROM conversations WHERE id = :id AND workspace_id = :workspace {dialect.for_update(tx.name)}",
        {"id": conversation_id, "workspace": workspace},
    )
    if found is None:
        raise NotFound("conversation", conversation_id)
    return await find(tx, workspace, conversation_id)


async def change(tx: Tx, conversation_id: int, **values: int | str) -> None:
    """Set columns of a locked conversation."""
    given = ", ".join(f"{name} = :{name}" for name in values)
    await tx.run(
        f"UPDATE conversations SET {given} WHERE id = :conversation",
        {**values, "conversation": conversation_id},
    )


async def read(tx: Tx, held: Conversation, upto: int) -> None:
    """The replies of a locked conversation up to this one were read."""
    whose = f"workspace_id = :workspace AND person = :person AND sender_id = :sender AND routed IN {WANTED}"
    values = {"workspace": held.workspace_id, "person": held.person, "sender": held.sender_id}
    await tx.run(
        f"UPDATE replies SET read_at = :now WHERE {whose} AND read_at = 0 AND id <= :upto",
        {**values, "now": await tx.now(), "upto": upto},
    )
    left = await tx.scalar(f"SELECT count(*) FROM replies WHERE {whose} AND read_at = 0", values)
    await change(tx, held.id, unread=int(left))


async def of_reply(tx: Tx, workspace: int, reply_id: int) -> int:
    """The conversation that a reply belongs to, 0 for one older than conversations are. Raises NotFound."""
    row = await tx.first(
        "SELECT v.id FROM replies r LEFT JOIN conversations v ON v.sender_id = r.sender_id AND v.person = r.person "
        "WHERE r.id = :id AND r.workspace_id = :workspace",
        {"id": reply_id, "workspace": workspace},
    )
    if row is None:
        raise NotFound("reply", reply_id)
    return int(row.id or 0)


async def read_one(tx: Tx, workspace: int, reply_id: int) -> bool:
    """One reply was read; False if it was before, or was not for people to read."""
    return (
        await tx.run(
            "UPDATE replies SET read_at = :now WHERE id = :id AND workspace_id = :workspace AND read_at = 0 "
            f"AND routed IN {WANTED}",
            {"now": await tx.now(), "id": reply_id, "workspace": workspace},
        )
        > 0
    )


async def open_handoffs(tx: Tx, held: Conversation) -> list[int]:
    """The open handoffs of a conversation."""
    rows = await tx.all(
        "SELECT id FROM handoffs WHERE contact_id = :contact AND state = 'open' AND sender_id = :sender "
        "AND +workspace_id = :workspace ORDER BY id",
        {"contact": held.contact_id, "sender": held.sender_id, "workspace": held.workspace_id},
    )
    return [row.id for row in rows]


async def is_member(tx: Tx, workspace: int, user_id: int) -> bool:
    """Whether a conversation may be given to this user."""
    found = await tx.scalar(
        "SELECT 1 FROM memberships WHERE workspace_id = :workspace AND user_id = :user",
        {"workspace": workspace, "user": user_id},
    )
    return found is not None


def _conversation(row: Any) -> Conversation:
    values = {**row._mapping}
    values["config"] = dialect.json_value(row.config)
    values["attributes"] = dialect.json_value(row.attributes) if row.attributes is not None else {}
    values["handoff_waits"] = bool(row.handoff_waits)
    return Conversation(**values)
