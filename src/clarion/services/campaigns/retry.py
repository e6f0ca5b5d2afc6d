"""Writing again to those whom a campaign did not reach, as a campaign of its own."""

from collections.abc import Sequence

from clarion.domain.campaign import CampaignStatus, OnMissing
from clarion.domain.errors import BadCampaign, CampaignRefused
from clarion.domain.message import Status
from clarion.services.campaigns.launch import begin
from clarion.services.ports import Waker
from clarion.store import audience, campaigns
from clarion.store.campaigns import Campaign
from clarion.store.db import Database

RETRIED = (Status.FAILED, Status.EXPIRED, Status.CANCELLED, Status.UNKNOWN)

_OVER = (CampaignStatus.FINISHED, CampaignStatus.STOPPED)


async def retry_campaign(
    db: Database,
    waker: Waker,
    campaign_id: int,
    *,
    statuses: Sequence[str] = (Status.FAILED,),
    name: str | None = None,
    accept_duplicates: bool = False,
    workspace: int | None = None,
) -> int:
    """Launch a campaign with the same content to the people whose message ended in `statuses`; its id.

    While such a retry is under way, repeating gives its id. Nobody is written to by two retries of one campaign:
    what fails in a retry is retried from there. `unknown` needs `accept_duplicates`, because some of these
    messages may have arrived; the old ones then wait for evidence only and are never resent by themselves.
    Attributes are read anew, so mended ones count; people who stopped meanwhile are left alone.
    """
    wanted = _checked(statuses, accept_duplicates)
    async with db.transaction() as tx:
        old = await campaigns.lock(tx, campaign_id, workspace=workspace)
        earlier = await campaigns.retries_of(tx, campaign_id)
        if under_way := [each for each in earlier if each.status not in _OVER]:
            return _same(under_way[0], wanted)
        new_id = await campaigns.create(
            tx, _like(old, name or f"{old.name}, retry {len(earlier) + 1}", wanted)
        )
        new = await campaigns.lock(tx, new_id)
        if not (await audience.limits(tx, await campaigns.audience_of(tx, new)))[1]:
            raise CampaignRefused(
                new.name,
                [f"Nobody's message in {old.name!r} is {' or '.join(wanted)} (or was retried before)."],
            )
        await begin(tx, new, OnMissing.EXCLUDE, await tx.now())
    waker.wake(f"expand:{new_id}")
    return new_id


def _checked(statuses: Sequence[str], accept_duplicates: bool) -> list[str]:
    wanted = sorted({str(status) for status in statuses})
    for status in wanted:
        if status not in RETRIED:
            raise BadCampaign("statuses", f"{status!r} must be one of {', '.join(RETRIED)}")
    if not wanted:
        raise BadCampaign("statuses", f"name at least one of {', '.join(RETRIED)}")
    if Status.UNKNOWN in wanted and not accept_duplicates:
        raise BadCampaign(
            "statuses",
            "nobody knows whether the `unknown` messages arrived, so some people may get them twice: "
            "say that you accept duplicates",
        )
    return wanted


def _same(under_way: Campaign, wanted: list[str]) -> int:
    if under_way.retry_statuses != wanted:
        raise BadCampaign(
            "statuses",
            f"a retry of {', '.join(under_way.retry_statuses)} messages is under way ({under_way.name!r}): "
            "wait until it has finished, or stop it",
        )
    return under_way.id


def _like(old: Campaign, name: str, statuses: list[str]) -> dict[str, object]:
    return {
        "workspace_id": old.workspace_id,
        "name": name,
        "sender_id": old.sender_id,
        "lists": old.lists,
        "retry_of": old.id,
        "retry_statuses": statuses,
        "content": old.content,
        "policy": old.policy,
        "on_missing": OnMissing.EXCLUDE.value,
        "dry_run": old.dry_run,
    }
