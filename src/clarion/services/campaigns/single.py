"""One message of a campaign to one number, to see it on a phone before everybody does."""

from collections.abc import Mapping
from typing import Any

from clarion.domain.contact import read_address
from clarion.domain.content import Content, from_json, to_json
from clarion.domain.errors import BadContent, PersonStopped
from clarion.domain.liquid import is_blank
from clarion.domain.template import compile_content
from clarion.providers.registry import kind_of
from clarion.services.ports import Waker
from clarion.store import campaigns, senders, singles
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx


async def send_test(
    db: Database,
    waker: Waker,
    campaign_id: int,
    to: str,
    variables: Mapping[str, Any] | None = None,
    *,
    like: int = 0,
    workspace: int | None = None,
) -> int:
    """Queue the campaign's content for one number, before anything else the sender has; the message's id.

    `to` in international form. `variables` go over what is known of that person, or of the contact `like`. It
    counts for no campaign and is sent for real, also from a dry run. Each call sends one more. Raises NotFound,
    BadAddress, BadContent, PersonStopped.
    """
    address = read_address(to).address
    async with db.transaction() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
        if campaign.is_batch:
            raise BadContent("", "each of its messages has a text of its own: send one by itself")
        if reason := await singles.stopped(tx, campaign.workspace_id, address.person):
            raise PersonStopped(address.e164, reason)
        contact = await singles.contact(tx, campaign.workspace_id, address.e164, address.person)
        known = await singles.known(tx, campaign.workspace_id, like) if like else contact
        content = await _filled(tx, campaign, {**known.attributes, **(variables or {})})
        message_id = await singles.queue(
            tx, campaign.workspace_id, campaign.sender_id, contact, to_json(content)
        )
    waker.wake(f"send:{campaign.sender_id}")
    return message_id


async def _filled(tx: Tx, campaign: Campaign, variables: Mapping[str, Any]) -> Content:
    compiled = compile_content(from_json(campaign.content))
    lacking = sorted(name for name in compiled.required if is_blank(variables.get(name)))
    if lacking:
        raise BadContent("variables", f"give a value for {', '.join(lacking)}")
    content = compiled.render(variables)
    sender = await senders.find(tx, campaign.workspace_id, campaign.sender_id)
    assert sender is not None
    for problem in kind_of(sender.provider).problems(content, sender.config):
        raise problem
    return content
