"""Many messages handed over in one request, each with its own number and text: a campaign without lists."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from clarion.domain.campaign import CampaignStatus, OnMissing, Policy, may_move
from clarion.domain.content import Text, to_json
from clarion.domain.errors import NoSenderFor, NotFound
from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.services.campaigns.control import stop_campaign
from clarion.services.ports import Waker
from clarion.store import batches, campaigns, senders
from clarion.store.batches import Part, Refused
from clarion.store.counts import COLUMNS
from clarion.store.db import Database, Tx
from clarion.store.senders import Sender

CONTENT = to_json(Text("{{ body }}"))
"""What such a campaign says: each message brings its `body`, which is put in as it stands."""


class Given(NamedTuple):
    """One message as it came. `channel`: sms or whatsapp."""

    to: str
    body: str
    channel: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands. `refused` of the `total` cannot become messages; `status` is a word for all of it."""

    id: int
    status: str
    total: int
    refused: int
    counts: Mapping[str, int]
    created_at: int
    finished_at: int


async def send_batch(db: Database, waker: Waker, given: Sequence[Given], *, workspace: int) -> int:
    """Keep the messages durably and begin to send them; an id for all of them. Each call sends them once more.

    Numbers are read afterwards: those that are none are told by `batch_refused`. Whoever is named twice is sent
    both. Goes by the oldest active sender of each channel. Raises NoSenderFor.
    """
    async with db.reading() as tx:
        known = await senders.every(tx, workspace)
    by_channel: dict[str, list[tuple[int, str, str]]] = {}
    for place, (to, body, channel) in enumerate(given, start=1):
        by_channel.setdefault(channel, []).append((place, to, body))
    chosen = {channel: _sender_for(channel, known) for channel in by_channel}
    made: list[int] = []
    async with db.transaction() as tx:
        for channel, rows in by_channel.items():
            campaign = await _begin(tx, workspace, chosen[channel], len(rows))
            made.append(campaign)
            await batches.add(tx, campaign, workspace=workspace, leader=made[0], rows=rows)
    for campaign in made:
        waker.wake(f"expand:{campaign}")
    return made[0]


async def list_batches(
    db: Database, *, workspace: int, before: int = 2**62, limit: int = 100
) -> list[Standing]:
    """The newest requests that were not taken out of the history."""
    async with db.reading() as tx:
        parts = await batches.history(tx, workspace, before=before, limit=limit)
    leaders = dict.fromkeys(part.leader_id for part in parts)
    return [_standing([part for part in parts if part.leader_id == leader]) for leader in leaders]


async def get_batch(db: Database, batch_id: int, *, workspace: int) -> tuple[Standing, Sequence[Refused]]:
    """One request, and what of it could not become a message. Raises NotFound."""
    async with db.reading() as tx:
        parts = await batches.of_leader(tx, workspace, batch_id)
        if not parts:
            raise NotFound("campaign", batch_id)
        return _standing(parts), await batches.refused_of(tx, batch_id)


async def end_batch(db: Database, batch_id: int, *, workspace: int) -> None:
    """Stop what is left of a request and take it out of the history; what was sent stays in the books.

    Raises NotFound, also when repeated.
    """
    async with db.reading() as tx:
        parts = await batches.of_leader(tx, workspace, batch_id)
    if not parts:
        raise NotFound("campaign", batch_id)
    for part in parts:
        if may_move(CampaignStatus(part.row.status), CampaignStatus.STOPPED):
            await stop_campaign(db, part.row.id, workspace=workspace)
    async with db.transaction() as tx:
        await batches.hide(tx, batch_id)


async def _begin(tx: Tx, workspace: int, sender: Sender, members: int) -> int:
    now = await tx.now()
    at = datetime.fromtimestamp(now // 1_000_000, UTC)
    made = await campaigns.create(
        tx,
        {
            "workspace_id": workspace,
            "name": f"Sent at {at:%Y-%m-%d %H:%M:%S} UTC, {secrets.token_hex(4)}",
            "sender_id": sender.id,
            "content": CONTENT,
            "policy": Policy.NO_DUPLICATES.value,
            "on_missing": OnMissing.EXCLUDE.value,
            "status": CampaignStatus.RUNNING.value,
            "members": members,
            "bound": members,
            "launched_at": now,
        },
    )
    await campaigns.tell(tx, await campaigns.find(tx, made), Event.CAMPAIGN_LAUNCHED)
    return made


def _sender_for(channel: str, known: Sequence[Sender]) -> Sender:
    fitting = [each for each in known if _channel(each) == channel]
    active = next((each for each in fitting if each.state == "active"), None)
    if active is not None:
        return active
    if fitting:
        raise NoSenderFor(channel, f"its sender {fitting[0].name!r} is {fitting[0].state}: resume it")
    raise NoSenderFor(channel, "the workspace has no such sender: add one with POST /api/v1/senders")


def _channel(sender: Sender) -> str:
    return "whatsapp" if sender.provider == "whatsapp" else sender.config.get("channel", "sms")


_MOVING = (Status.QUEUED, Status.LEASED, Status.SENDING)


def _standing(parts: Sequence[Part]) -> Standing:
    rows = [part.row for part in parts]
    counts = {column: sum(getattr(row, column) for row in rows) for column in COLUMNS}
    statuses = {str(row.status) for row in rows}
    over = all(row.expanded for row in rows) and not any(counts[each] for each in _MOVING)
    return Standing(
        id=parts[0].leader_id,
        status=_word(statuses, over=over, begun=counts["audience"] > counts[Status.QUEUED]),
        total=sum(part.total for part in parts),
        refused=counts["missing"],
        counts=counts,
        created_at=rows[0].created_at,
        finished_at=max(row.finished_at for row in rows) if over else 0,
    )


def _word(statuses: set[str], *, over: bool, begun: bool) -> str:
    for word in (CampaignStatus.STOPPED, CampaignStatus.PAUSED):
        if word in statuses and not (over and word is CampaignStatus.PAUSED):
            return word.value
    if over:
        return "completed"
    return "sending" if begun else "queued"
