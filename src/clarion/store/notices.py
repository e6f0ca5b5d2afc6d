"""What a provider tells about templates and accounts, and what must pause because of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.news import Event
from clarion.store import dialect, news
from clarion.store.db import Tx

_STOPPED = ("PAUSED", "DISABLED", "REJECTED", "DELETED", "LIMIT_EXCEEDED", "PENDING_DELETION")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should read. `about` is `sender:3` or `template:name`."""

    id: int
    about: str
    event: str
    detail: str
    created_at: int


async def page(tx: Tx, workspace: int, *, before: tuple[int, int] | None, limit: int) -> Sequence[Notice]:
    """A workspace's notices, newest first: those before the one made at `before[0]` with the id `before[1]`."""
    earlier = "AND (created_at, id) < (:at, :id)" if before else ""
    rows = await tx.all(
        "SELECT id, about, event, detail, created_at FROM notices WHERE workspace_id = :workspace "
        f"{earlier} ORDER BY created_at DESC, id DESC LIMIT :limit",
        {"workspace": workspace, "limit": limit, **({"at": before[0], "id": before[1]} if before else {})},
    )
    return [Notice(**row._mapping) for row in rows]


async def template_changed(
    tx: Tx, sender: int, *, name: str, language: str, status: str, reason: str
) -> None:
    """The template has a new status at the provider; one that stopped pauses the sender's campaigns with it."""
    names = {"name": name, "language": language}
    await tx.run(
        "UPDATE templates SET status = :status WHERE name = :name AND language = :language "
        "AND provider = (SELECT provider FROM senders WHERE id = :sender) "
        "AND workspace_id = (SELECT workspace_id FROM senders WHERE id = :sender)",
        {"status": status, "sender": sender, **names},
    )
    detail = f"Template {name} ({language}) is now {status}. {reason}".strip()
    await _keep(tx, sender, f"template:{name}", status, detail)
    if status in _STOPPED:
        used_name = dialect.attribute(tx.name, "content", "name")
        used_language = dialect.attribute(tx.name, "content", "language")
        paused = await tx.all(
            "UPDATE campaigns SET status = 'paused', epoch = epoch + 1, status_reason = :reason "
            f"WHERE sender_id = :sender AND status = 'running' AND {used_name} = :name "
            f"AND ({used_language} = :language OR {used_language} IS NULL) RETURNING id, workspace_id",
            {"reason": detail, "sender": sender, **names},
        )
        await _tell(tx, paused, Event.CAMPAIGN_PAUSED, detail)


async def account_said(tx: Tx, sender: int, *, event: str, detail: str, pause: bool) -> None:
    """Something a person should read about the sender's account; `pause`: it cannot send until it is mended."""
    await _keep(tx, sender, f"sender:{sender}", event, detail)
    if pause:
        paused = await tx.all(
            "UPDATE senders SET state = 'paused', state_reason = :reason WHERE id = :sender AND state = 'active' "
            "RETURNING id, workspace_id",
            {"reason": detail, "sender": sender},
        )
        await _tell(tx, paused, Event.SENDER_PAUSED, detail)


async def _tell(tx: Tx, rows: Sequence[Any], event: Event, reason: str) -> None:
    await news.tell(tx, [news.News(row.workspace_id, event, row.id, data={"reason": reason}) for row in rows])


async def _keep(tx: Tx, sender: int, about: str, event: str, detail: str) -> None:
    await tx.run(
        "INSERT INTO notices (workspace_id, about, event, detail, created_at) "
        f"SELECT workspace_id, :about, :event, :detail, {dialect.now_sql(tx.name)} FROM senders WHERE id = :sender",
        {"about": about, "event": event, "detail": detail, "sender": sender},
    )
