"""What a provider tells about templates and accounts, and what must pause because of it."""

from clarion.store import dialect
from clarion.store.db import Tx

_STOPPED = ("PAUSED", "DISABLED", "REJECTED", "DELETED", "LIMIT_EXCEEDED", "PENDING_DELETION")


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
        await tx.run(
            "UPDATE campaigns SET status = 'paused', epoch = epoch + 1, status_reason = :reason "
            f"WHERE sender_id = :sender AND status = 'running' AND {used_name} = :name "
            f"AND ({used_language} = :language OR {used_language} IS NULL)",
            {"reason": detail, "sender": sender, **names},
        )


async def account_said(tx: Tx, sender: int, *, event: str, detail: str, pause: bool) -> None:
    """Something a person should read about the sender's account; `pause`: it cannot send until it is mended."""
    await _keep(tx, sender, f"sender:{sender}", event, detail)
    if pause:
        await tx.run(
            "UPDATE senders SET state = 'paused', state_reason = :reason WHERE id = :sender AND state = 'active'",
            {"reason": detail, "sender": sender},
        )


async def _keep(tx: Tx, sender: int, about: str, event: str, detail: str) -> None:
    await tx.run(
        "INSERT INTO notices (workspace_id, about, event, detail, created_at) "
        f"SELECT workspace_id, :about, :event, :detail, {dialect.now_sql(tx.name)} FROM senders WHERE id = :sender",
        {"about": about, "event": event, "detail": detail, "sender": sender},
    )
