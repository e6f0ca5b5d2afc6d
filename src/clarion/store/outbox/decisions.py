"""What a person decides about one message: the rows it moves."""

from typing import Any

from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.store import counts, dialect, news
from clarion.store.db import Tx
from clarion.store.outbox.settle import note
from clarion.store.runs import told

_SAID = {Status.ACCEPTED: "a person says that it arrived", Status.FAILED: "a person gave it up"}
GIVEN_UP = "Nobody knows whether it arrived, and somebody decided not to send it again."


async def lock(tx: Tx, workspace: int, message_id: int) -> Any | None:
    """The message with its outbox row (`state` "" if it has none any more), both held still; None if there is none."""
    values = {"id": message_id, "workspace": workspace}
    held = await tx.first(
        "SELECT message_id FROM outbox WHERE message_id = :id AND workspace_id = :workspace "
        f"{dialect.for_update(tx.name)}",
        values,
    )
    lock = dialect.for_update(tx.name).replace("FOR UPDATE", "FOR UPDATE OF m")
    row = await tx.first(
        f"""
        SELECT m.id, m.workspace_id, m.campaign_id, m.run_id, m.contact_id, m.sender_id,
               coalesce(o.state, m.status) AS status, coalesce(o.state, '') AS state,
               o.attempt_id, o.attempts, o.expires_at
        FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
        WHERE m.id = :id AND m.workspace_id = :workspace {lock}
        """,
        values,
    )
    assert held is None or row is not None
    return row


async def obstacle(tx: Tx, held: Any) -> str:
    """Why a message in doubt can never be sent again; "" if it can."""
    now = await tx.now()
    expires_at = held.expires_at
    if held.campaign_id:
        campaign = await tx.first(
            f"SELECT status, expires_at FROM campaigns WHERE id = :id {dialect.for_update(tx.name)}",
            {"id": held.campaign_id},
        )
        assert campaign is not None
        expires_at = expires_at or campaign.expires_at
        if campaign.status == "stopped":
            return "its campaign was stopped"
        if await tx.scalar(
            "SELECT count(*) FROM campaigns c JOIN messages y ON y.campaign_id = c.id AND y.contact_id = :contact "
            "WHERE c.retry_of = :campaign",
            {"contact": held.contact_id, "campaign": held.campaign_id},
        ):
            return "a retry of its campaign writes to this person instead"
    if (
        held.run_id
        and await tx.scalar("SELECT status FROM runs WHERE id = :id", {"id": held.run_id}) == "stopped"
    ):
        return "its run was stopped"
    return "its time is over" if 0 < expires_at <= now else ""


async def send_again(tx: Tx, held: Any) -> None:
    """Queue it once more, whatever became of the request before; a finished campaign goes on for it."""
    now = await tx.now()
    if held.campaign_id:
        again = await tx.all(
            "UPDATE campaigns SET status = 'running', finished_at = 0 WHERE id = :id AND status = 'finished' "
            "RETURNING id, workspace_id",
            {"id": held.campaign_id},
        )
        await news.tell(tx, [news.News(row.workspace_id, Event.CAMPAIGN_RESUMED, row.id) for row in again])
    await tx.run(
        "UPDATE outbox SET state = 'queued', until = 0, due_at = :now, worker = '', looks = 0, doubted_at = 0, "
        "unresolved = :no WHERE message_id = :id",
        {"now": now, "no": False, "id": held.id},
    )
    await note(tx, [[held.attempt_id, held.id, "unknown", "", "sent again by a person", ""]], now)
    await _count(tx, held, Status.QUEUED)


async def settle(tx: Tx, held: Any, status: Status) -> None:
    """End the doubt as `accepted` or `failed`. The attempt stays known, so that a receipt still finds the message."""
    now = await tx.now()
    await note(tx, [[held.attempt_id, held.id, "unknown", "", _SAID[status], ""]], now)
    fault = ("ours", "given_up", GIVEN_UP) if status is Status.FAILED else ("", "", "")
    await tx.run("DELETE FROM outbox WHERE message_id = :id", {"id": held.id})
    await tx.run(
        "UPDATE messages SET status = :status, attempt_id = :attempt, attempts = :attempts, "
        f"{status.value}_at = :now, fault_kind = :kind, fault_code = :code, fault_reason = :reason WHERE id = :id",
        {
            "status": status.value,
            "attempt": held.attempt_id,
            "attempts": held.attempts,
            "now": now,
            "kind": fault[0],
            "code": fault[1],
            "reason": fault[2],
            "id": held.id,
        },
    )
    event = Event.MESSAGE_FAILED if status is Status.FAILED else Event.MESSAGE_ACCEPTED
    await news.tell(tx, [news.News(held.workspace_id, event, held.id, now)])
    if held.run_id:
        await told.tell(tx, [told.News(held.id, status, *fault[1:])])
    await _count(tx, held, status)


async def _count(tx: Tx, held: Any, status: Status) -> None:
    moves = counts.Moves()
    moves.move(held.campaign_id, held.state, status)
    await counts.apply(tx, moves.deltas)
