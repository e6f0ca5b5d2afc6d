"""What a person may decide about a message: not to send it, or what became of one that nobody knows about."""

import structlog

from clarion.domain.errors import NotFound, WrongMessageStatus
from clarion.domain.message import Resolution, Status
from clarion.services.ports import Waker
from clarion.store import counts
from clarion.store.db import Database
from clarion.store.outbox import decisions
from clarion.store.outbox.claim import close

log = structlog.get_logger()


async def cancel_message(db: Database, message_id: int, *, workspace: int) -> None:
    """Never send a message that waits; repeating changes nothing. Raises NotFound, WrongMessageStatus.

    One that was marked for sending is not cancelled any more: its request may have left.
    """
    async with db.transaction() as tx:
        held = await decisions.lock(tx, workspace, message_id)
        if held is None:
            raise NotFound("message", message_id)
        if held.status == Status.CANCELLED:
            return
        if held.state not in ("queued", "leased", "held"):
            raise WrongMessageStatus(message_id, held.status, "cancelled")
        await close(tx, [message_id], Status.CANCELLED)
        moves = counts.Moves()
        moves.move(held.campaign_id, held.state, Status.CANCELLED)
        await counts.apply(tx, moves.deltas)


async def resolve_message(
    db: Database, waker: Waker, message_id: int, resolution: Resolution, *, workspace: int
) -> None:
    """Decide about a message whose fate nobody knows. Evidence that comes later still counts.

    Raises NotFound; WrongMessageStatus if it is not in doubt, or if it cannot be sent again: its campaign or run was
    stopped, its time is over, or a retry of its campaign writes to the person instead.
    """
    async with db.transaction() as tx:
        held = await decisions.lock(tx, workspace, message_id)
        if held is None:
            raise NotFound("message", message_id)
        if held.state != Status.UNKNOWN:
            raise WrongMessageStatus(message_id, held.status, "decided about", "only messages in doubt can")
        match resolution:
            case Resolution.RESEND:
                if why := await decisions.obstacle(tx, held):
                    raise WrongMessageStatus(message_id, held.status, "sent again", why)
                await decisions.send_again(tx, held)
            case Resolution.ARRIVED:
                await decisions.settle(tx, held, Status.ACCEPTED)
            case Resolution.GIVE_UP:
                await decisions.settle(tx, held, Status.FAILED)
    log.info("doubt.decided", message_id=message_id, resolution=resolution.value)
    waker.wake(f"send:{held.sender_id}")
    if held.run_id:
        waker.wake("step")
