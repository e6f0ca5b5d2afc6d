"""Writing a campaign down, as a draft that nobody has been sent anything of."""

from collections.abc import Mapping, Sequence
from typing import Any

from clarion.domain.campaign import OnMissing, Policy
from clarion.domain.content import Content, from_json, to_json
from clarion.domain.errors import BadCampaign, NotFound
from clarion.domain.template import compile_content
from clarion.store import campaigns, senders
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx


async def create_campaign(
    db: Database,
    *,
    workspace: int = 1,
    name: str,
    sender: str | int,
    lists: Sequence[str | int],
    content: Mapping[str, Any] | Content,
    policy: str = Policy.NO_DUPLICATES,
    on_missing: str = OnMissing.REFUSE,
    scheduled_at: int = 0,
    expires_at: int = 0,
    dry_run: bool = False,
) -> int:
    """Store a draft; its id. Repeating it raises AlreadyExists.

    `sender` and `lists` by name or id. `scheduled_at`: launching it makes it wait until then. `expires_at`:
    what has not been sent by then is not sent at all. `dry_run`: everything but the request. Raises BadContent
    or TemplateSyntax naming the field, NotFound, BadCampaign.
    """
    checked = from_json(content) if isinstance(content, Mapping) else content
    compile_content(checked)
    check_fields(name, lists, policy, on_missing)
    if expires_at and scheduled_at and expires_at <= scheduled_at:
        raise BadCampaign("expires_at", "it lies before scheduled_at: nobody would be written to")
    async with db.transaction() as tx:
        found = await senders.find(tx, workspace, sender)
        if found is None:
            raise NotFound("sender", sender)
        return await campaigns.create(
            tx,
            {
                "workspace_id": workspace,
                "name": name.strip(),
                "sender_id": found.id,
                "lists": await campaigns.list_ids(tx, workspace, lists),
                "content": to_json(checked),
                "policy": Policy(policy).value,
                "on_missing": OnMissing(on_missing).value,
                "scheduled_at": scheduled_at,
                "expires_at": expires_at,
                "dry_run": dry_run,
            },
        )


async def get_campaign(db: Database, campaign: int | str, *, workspace: int = 1) -> Campaign:
    """One campaign by id or name. Raises NotFound."""
    async with db.reading() as tx:
        return await campaigns.find(tx, campaign, workspace=workspace)


async def list_campaigns(db: Database, *, workspace: int = 1) -> Sequence[tuple[Campaign, Mapping[str, int]]]:
    """Every campaign with its counters, newest first."""
    async with db.reading() as tx:
        return await _counted(tx, await campaigns.every(tx, workspace))


async def page_campaigns(
    db: Database, *, workspace: int, before: int | None = None, status: str = "", limit: int = 50
) -> Sequence[tuple[Campaign, Mapping[str, int]]]:
    """Campaigns with their counters, newest first, from the one before `before` on."""
    async with db.reading() as tx:
        return await _counted(
            tx, await campaigns.page(tx, workspace, before=before, status=status, limit=limit)
        )


async def _counted(tx: Tx, found: Sequence[Campaign]) -> Sequence[tuple[Campaign, Mapping[str, int]]]:
    counted = await campaigns.counts(tx, [campaign.id for campaign in found])
    return [(campaign, counted[campaign.id]) for campaign in found]


def check_fields(name: str, lists: Sequence[str | int], policy: str, on_missing: str) -> None:
    """Raises BadCampaign for a value that no campaign can have."""
    if not name.strip():
        raise BadCampaign("name", "give it a name")
    if not lists:
        raise BadCampaign("lists", "name at least one list of people to write to")
    for field, value, choices in (("policy", policy, Policy), ("on_missing", on_missing, OnMissing)):
        if value not in set(choices):
            raise BadCampaign(field, f"{value!r} must be one of {', '.join(choices)}")
