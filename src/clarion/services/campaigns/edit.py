"""Changing a campaign: all of it before its launch, and while it is paused what was not marked for sending yet."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clarion.domain.campaign import CampaignStatus
from clarion.domain.content import from_json, to_json
from clarion.domain.errors import BadCampaign, BadContent, CampaignRefused, NotFound, WrongStatus
from clarion.domain.template import compile_content
from clarion.services.campaigns.check import report_on
from clarion.services.campaigns.create import check_fields
from clarion.services.campaigns.launch import refusals
from clarion.store import campaigns, marked, senders
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx

FIELDS = (
    "name", "sender", "lists", "content", "policy", "on_missing", "scheduled_at", "expires_at", "dry_run",
)  # fmt: skip
"""What can be given to `edit_campaign`, as in `create_campaign`."""

LATER = ("name", "content", "policy", "expires_at")
"""What may still change once people were written to."""

_OPEN = (CampaignStatus.DRAFT, CampaignStatus.FAILED, CampaignStatus.PAUSED)


async def edit_campaign(
    db: Database, campaign_id: int, changes: Mapping[str, Any], *, workspace: int | None = None
) -> None:
    """Change the fields in `changes`, some of FIELDS. Repeating changes nothing more.

    Of a paused campaign, from the commit on: every message not marked yet is sent as it says now, or not at all;
    those on their way, or in doubt, keep what they were sent with. Raises NotFound, WrongStatus, BadCampaign for
    a field that cannot change any more, BadContent, CampaignRefused if the new content does not fit the people.
    """
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id, workspace=workspace)
        if campaign.status not in _OPEN:
            wish = "changed (pause it first)" if campaign.status in _PAUSABLE else "changed"
            raise WrongStatus(campaign.name, campaign.status, wish)
        values = await _values(tx, campaign, changes)
        if campaign.launched_at:
            await _edit_launched(tx, campaign, values)
        elif values:
            await campaigns.update(tx, campaign_id, **values)


_PAUSABLE = (CampaignStatus.RUNNING, CampaignStatus.SCHEDULED)


async def delete_campaign(db: Database, campaign_id: int, *, workspace: int | None = None) -> None:
    """Remove a campaign nobody was written to by. Raises NotFound, WrongStatus for one that was launched."""
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id, workspace=workspace)
        if campaign.status not in (CampaignStatus.DRAFT, CampaignStatus.FAILED) or campaign.launched_at:
            raise WrongStatus(campaign.name, campaign.status, "deleted")
        await campaigns.delete(tx, campaign_id)


async def _values(tx: Tx, campaign: Campaign, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that differ, checked."""
    for field in changes:
        if field not in FIELDS:
            raise BadCampaign(field, "is not a field of a campaign")
        if campaign.launched_at and field not in LATER:
            raise BadCampaign(
                field, f"cannot change any more: people were written to; only {', '.join(LATER)} still can"
            )
    values = dict(changes)
    if "content" in values:
        checked = from_json(values["content"])
        compile_content(checked)
        values["content"] = to_json(checked)
        if not campaign.lists:
            raise BadCampaign("content", "cannot change: each of its messages has a text of its own")
    if "lists" in values:
        values["lists"] = await campaigns.list_ids(tx, campaign.workspace_id, values["lists"])
    if "sender" in values:
        values["sender_id"] = await _sender(tx, campaign.workspace_id, values.pop("sender"))
    values = {name: value for name, value in values.items() if getattr(campaign, name) != value}
    new = replace(campaign, **values)
    check_fields(new.name, _lists(new), new.policy, new.on_missing)
    if new.expires_at and not new.launched_at and new.expires_at <= new.scheduled_at:
        raise BadCampaign("expires_at", "it lies before scheduled_at: nobody would be written to")
    return values


def _lists(campaign: Campaign) -> Sequence[int]:
    return campaign.lists or ([0] if campaign.launched_at else [])  # a batch has none


async def _sender(tx: Tx, workspace: int, sender: str | int) -> int:
    found = await senders.find(tx, workspace, sender)
    if found is None:
        raise NotFound("sender", sender)
    return found.id


async def _edit_launched(tx: Tx, campaign: Campaign, values: dict[str, Any]) -> None:
    if "expires_at" in values and 0 < values["expires_at"] <= await tx.now():
        raise BadCampaign("expires_at", "it lies in the past: stop the campaign instead")
    if "content" in values:
        values |= await _fitting(tx, campaign, values["content"])
        await _keep_contents(tx, campaign)
        values["earlier"] = [*campaign.earlier, [await tx.now(), campaign.content]]
    if "policy" in values:
        await marked.keep_policy(tx, campaign.id, campaign.policy)
    if values:
        await campaigns.update(tx, campaign.id, **values, epoch=campaign.epoch + 1)


async def _fitting(tx: Tx, campaign: Campaign, content: Mapping[str, Any]) -> dict[str, Any]:
    """What must be as it says for the content to be sent to those who wait. Raises CampaignRefused."""
    required = sorted(compile_content(from_json(content)).required)
    new = replace(campaign, content=dict(content))
    problems = refusals(await report_on(tx, new, sample=3), campaign.on_missing)
    for name in required:
        if lacking := await marked.lacking(tx, campaign.id, name):
            problems.append(
                f"{lacking:,} people who wait for their message have nothing in {name!r}: give it a default."
            )
    if problems:
        raise CampaignRefused(campaign.name, problems)
    return {"required": required}


async def _keep_contents(tx: Tx, campaign: Campaign) -> None:
    """Write down what messages on their way say: a look for evidence compares it, a resend repeats it."""
    compiled = compile_content(from_json(campaign.content))
    kept = []
    for ident, variables in await marked.without_content(tx, campaign.id):
        with contextlib.suppress(BadContent):  # it could not be made before either, and nothing left
            kept.append((ident, to_json(compiled.render(variables))))
    await marked.keep_contents(tx, kept)
