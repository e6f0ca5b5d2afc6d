"""`clarion campaign`: write one down, check it, launch it, look at it. Steering is in campaign_run.py."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from clarion.bootstrap import Installation
from clarion.cli import campaign_run
from clarion.cli.base import (
    Json,
    found_problems,
    group,
    moment,
    named,
    show,
    table,
    with_database,
)
from clarion.cli.campaign_text import check_lines, progress_json, progress_lines
from clarion.cli.content import content_of, instant
from clarion.domain.campaign import CampaignStatus, shown_status
from clarion.domain.content import Content, Template
from clarion.services import campaigns, senders, templates
from clarion.services.campaigns import CheckReport, Progress
from clarion.services.campaigns.launch import refusals
from clarion.store.campaigns import Campaign

app = group("Write campaigns down, check and launch them, watch and steer them.")
campaign_run.mount(app)

Which = campaign_run.Which
_Name = Annotated[str, typer.Option(help="What the campaign is called; unique.")]
_Sender = Annotated[str, typer.Option("--sender", help="The sender's name or id.")]
_Lists = Annotated[list[str], typer.Option("--to-list", help="Whom to write to; may be given several times.")]
_Text = Annotated[str | None, typer.Option(help="A plain text, with {{ variables }}.")]
_File = Annotated[Path | None, typer.Option("--content", help="A JSON file with any kind of content.")]
_Template = Annotated[str | None, typer.Option(metavar="NAME[:LANGUAGE]", help="An approved template.")]
_Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param", metavar="NAME=VALUE", help="A template variable: 1=\"{{ name | default: 'friend' }}\"."
    ),
]
_Header = Annotated[str | None, typer.Option(help="The variable of a template's text header.")]
_Media = Annotated[
    str | None, typer.Option(metavar="KIND=URL", help="A template's media header: image=https://...")
]
_Buttons = Annotated[
    list[str] | None,
    typer.Option("--button", metavar="N=PAYLOAD", help="0=PAYLOAD, 0:url=SUFFIX or 0:copy_code=CODE."),
]
_Policy = Annotated[
    Literal["no_duplicates", "resend_if_quiet", "must_arrive"],
    typer.Option(help="What to do about a message nobody knows the fate of."),
]
_OnMissing = Literal["refuse", "exclude"]
_At = Annotated[
    str | None,
    typer.Option("--at", help="When to start: '2026-12-01 09:00 America/Sao_Paulo'. Default: at launch."),
]
_Expires = Annotated[
    str | None, typer.Option(help="What is not sent by then is not sent at all; form as --at.")
]


@app.command()
def create(
    ctx: typer.Context,
    name: _Name,
    sender: _Sender,
    to_list: _Lists,
    template: _Template = None,
    param: _Params = None,
    header: _Header = None,
    header_media: _Media = None,
    button: _Buttons = None,
    text: _Text = None,
    content: _File = None,
    policy: _Policy = "no_duplicates",
    on_missing: Annotated[
        _OnMissing, typer.Option(help="People who lack a variable: refuse to launch, or exclude them.")
    ] = "refuse",
    at: _At = None,
    expires: _Expires = None,
    dry_run: Annotated[bool, typer.Option(help="Everything but the request to the provider.")] = False,
    json: Json = False,
) -> None:
    """Write a campaign down as a draft. Nothing is sent before `clarion campaign launch`."""
    given = content_of(
        text=text,
        file=content,
        template=template,
        params=param or (),
        header=header,
        header_media=header_media,
        buttons=button or (),
    )
    scheduled_at, expires_at = instant(at, "--at"), instant(expires, "--expires")

    async def work(installed: Installation) -> int:
        return await campaigns.create_campaign(
            installed.db,
            workspace=installed.workspace,
            name=name,
            sender=named(sender),
            lists=[named(each) for each in to_list],
            content=await named_in_full(installed, sender, given),
            policy=policy,
            on_missing=on_missing,
            scheduled_at=scheduled_at,
            expires_at=expires_at,
            dry_run=dry_run,
        )

    made = with_database(ctx, work)
    show(
        {"id": made, "name": name},
        lambda: f"Campaign {made} ({name}) is a draft. Next: clarion campaign check {made}",
    )


async def named_in_full(installed: Installation, which: str, content: Content) -> Content:
    """A template named by its name alone, with its language (and on Twilio its id) filled in from the cache.

    What the cache does not settle stays as it was given: the check says what is wrong with it.
    """
    if not isinstance(content, Template):
        return content
    sender = await senders.get_sender(installed.db, named(which), workspace=installed.workspace)
    cached = await templates.list_templates(installed.db, sender)
    found = [
        each
        for each in cached
        if content.name in (each.name, each.provider_id) and content.language in ("", each.language)
    ]
    if len(found) != 1:
        return content
    by_id = sender.provider == "twilio"
    return replace(
        content,
        name=found[0].provider_id if by_id else found[0].name,
        language="" if by_id else found[0].language,
        named=content.named if content.body else found[0].named,
    )


@app.command()
def check(
    ctx: typer.Context,
    which: Which,
    sample: Annotated[int, typer.Option(min=0, max=1_000, help="How many messages to show.")] = 5,
    json: Json = False,
) -> None:
    """Say what launching would do: who is written to, who lacks what, what a few of them would read."""

    async def work(installed: Installation) -> tuple[Campaign, CheckReport]:
        campaign = await campaign_run.find(installed, which)
        return campaign, await campaigns.check_campaign(installed.db, campaign.id, sample=sample)

    campaign, report = with_database(ctx, work)
    refused = refusals(report, campaign.on_missing)
    show(
        {"id": campaign.id, "ok": not refused, **asdict(report), "refusals": refused},
        lambda: check_lines(campaign, report, refused),
    )
    if refused:
        found_problems()


@app.command()
def launch(
    ctx: typer.Context,
    which: Which,
    on_missing: Annotated[
        _OnMissing | None, typer.Option(help="Instead of what the campaign says about missing variables.")
    ] = None,
    json: Json = False,
) -> None:
    """Check the campaign and start it. Launching it again changes nothing."""

    async def work(installed: Installation) -> tuple[Campaign, CampaignStatus]:
        campaign = await campaign_run.find(installed, which)
        status = await campaigns.launch_campaign(
            installed.db, installed.waker, campaign.id, on_missing=on_missing
        )
        return campaign, status

    campaign, status = with_database(ctx, work)

    def text() -> str:
        if status is CampaignStatus.SCHEDULED:
            return f"Campaign {campaign.id} ({campaign.name}) starts at {moment(campaign.scheduled_at)}."
        return f"Campaign {campaign.id} ({campaign.name}) is {status}. Watch it: clarion campaign watch {campaign.id}"

    show({"id": campaign.id, "name": campaign.name, "status": status}, text)


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every campaign, newest first."""

    async def work(installed: Installation) -> Sequence[tuple[Campaign, Any]]:
        return await campaigns.list_campaigns(installed.db, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(
        [{**_told(campaign, counts), "counts": counts} for campaign, counts in found],
        lambda: table(
            ("id", "name", "status", "audience", "accepted", "delivered", "failed", "unknown", "created"),
            [
                (
                    campaign.id,
                    campaign.name,
                    _told(campaign, counts)["status"],
                    counts["audience"],
                    sum(counts[status] for status in ("accepted", "sent", "delivered", "read")),
                    counts["delivered"] + counts["read"],
                    counts["failed"],
                    counts["unknown"],
                    moment(campaign.created_at),
                )
                for campaign, counts in found
            ],
            empty="There is no campaign yet: `clarion campaign create` makes one.",
        ),
    )


@app.command("show")
def show_one(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """One campaign: what it says, to whom, and where it stands."""

    async def work(installed: Installation) -> tuple[Campaign, Progress]:
        campaign = await campaign_run.find(installed, which)
        return campaign, await campaigns.progress(installed.db, campaign.id)

    campaign, held = with_database(ctx, work)
    show(
        {**_told(campaign, None), "progress": progress_json(held)},
        lambda: progress_lines(campaign, held),
    )


@app.command("test")
def send_one(
    ctx: typer.Context,
    which: Which,
    to: Annotated[str, typer.Option("--to", help="The phone number, with its country code.")],
    var: Annotated[
        list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="A variable for this message.")
    ] = None,
    json: Json = False,
) -> None:
    """Send the campaign's message to one number, ahead of everything else. Not part of the campaign's books."""
    variables = dict(campaign_run.variable(text) for text in var or ())

    async def work(installed: Installation) -> int:
        campaign = await campaign_run.find(installed, which)
        return await campaigns.send_test(
            installed.db, installed.waker, campaign.id, to, variables=variables or None
        )

    message = with_database(ctx, work)
    show({"message_id": message}, lambda: f"Test message {message} is queued; `clarion serve` sends it.")


def _told(campaign: Campaign, counts: Any) -> dict[str, Any]:
    """A campaign as JSON shows it; instants are RFC 3339."""
    told = asdict(campaign)
    for name in ("scheduled_at", "expires_at", "created_at", "launched_at", "finished_at"):
        told[name] = moment(told[name])
    if counts is not None:
        told["status"] = shown_status(campaign.status, expanded=campaign.expanded, counts=counts)
    return told
