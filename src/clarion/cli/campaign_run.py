"""`clarion campaign`, the second half: steer what was launched, retry, export."""

import asyncio
import csv
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, Json, figure, json_wanted, named, print_json, say, show, with_database
from clarion.cli.watch import LEFT, watch
from clarion.domain.csv_safe import protect
from clarion.domain.message import Status
from clarion.services import campaigns
from clarion.services.campaigns.export import COLUMNS
from clarion.store.campaigns import Campaign

Which = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or id.")]


def mount(app: typer.Typer) -> None:
    """Put these commands into the `campaign` app."""
    app.command("watch")(watch_one)
    for command in (pause, resume, stop, rate, retry, export):
        app.command()(command)


def watch_one(
    ctx: typer.Context,
    which: Which,
    every: Annotated[float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")] = 1.0,
    json: Json = False,
) -> None:
    """Show the campaign's progress until it ends: with --json a line a second. Ctrl-C leaves, it goes on."""

    async def work(installed: Installation) -> None:
        campaign = await find(installed, which)
        await watch(installed.db, campaign, every=every)

    try:
        with_database(ctx, work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(LEFT)


def pause(
    ctx: typer.Context,
    which: Which,
    reason: Annotated[str, typer.Option(help="Shown wherever the campaign is.")] = "paused by an operator",
    json: Json = False,
) -> None:
    """Start nothing more of it. Says how many requests are still on the wire."""

    async def work(installed: Installation) -> tuple[Campaign, int]:
        campaign = await find(installed, which)
        paused = await campaigns.pause_campaign(installed.db, campaign.id, reason)
        return campaign, paused.draining

    campaign, draining = with_database(ctx, work)
    show(
        {"id": campaign.id, "status": "paused", "draining": draining},
        lambda: (
            f"Campaign {campaign.id} ({campaign.name}) is paused; {figure(draining)} requests are in flight."
        ),
    )


def resume(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """Go on with a paused campaign: nothing is sent twice, nobody is skipped."""

    async def work(installed: Installation) -> Campaign:
        campaign = await find(installed, which)
        await campaigns.resume_campaign(installed.db, installed.waker, campaign.id)
        return campaign

    campaign = with_database(ctx, work)
    show(
        {"id": campaign.id, "status": "running"},
        lambda: f"Campaign {campaign.id} ({campaign.name}) is running.",
    )


def stop(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """End it for good: what has not been sent is cancelled."""

    async def work(installed: Installation) -> tuple[Campaign, campaigns.Stopped]:
        campaign = await find(installed, which)
        return campaign, await campaigns.stop_campaign(installed.db, campaign.id)

    campaign, stopped = with_database(ctx, work)
    show(
        {
            "id": campaign.id,
            "status": "stopped",
            "cancelled": stopped.cancelled,
            "draining": stopped.draining,
        },
        lambda: (
            f"Campaign {campaign.id} ({campaign.name}) is stopped: {figure(stopped.cancelled)} messages "
            f"cancelled, {figure(stopped.draining)} requests in flight."
        ),
    )


def rate(
    ctx: typer.Context,
    which: Which,
    per_second: Annotated[float, typer.Argument(metavar="RATE", help="Messages per second; 0 is unlimited.")],
    json: Json = False,
) -> None:
    """Change the rate of the campaign's sender, also while it runs; takes effect within a second."""

    async def work(installed: Installation) -> Campaign:
        campaign = await find(installed, which)
        await campaigns.set_campaign_rate(installed.db, installed.waker, campaign.id, per_second)
        return campaign

    campaign = with_database(ctx, work)
    pace = f"{figure(per_second)} per second" if per_second else "as fast as it goes"
    show(
        {"id": campaign.id, "sender_id": campaign.sender_id, "rate": per_second},
        lambda: (
            f"Campaign {campaign.id} ({campaign.name}) sends {pace}, as does its sender's every campaign."
        ),
    )


def retry(
    ctx: typer.Context,
    which: Which,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Whose message ended so: failed (the default), expired, cancelled or unknown; repeatable."
        ),
    ] = None,
    accept_duplicates: Annotated[
        bool, typer.Option("--accept-duplicates", help="Needed for unknown: some of them may have arrived.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="What the new campaign is called.")] = None,
    json: Json = False,
) -> None:
    """Send again to the people whose message failed, as a new campaign that starts at once."""

    if "unknown" in (status or ()) and not accept_duplicates:
        raise BadOption(
            "Nobody knows whether the unknown messages arrived, so some people may get a second one: "
            "add --accept-duplicates if that is better than none."
        )

    async def work(installed: Installation) -> tuple[int, Campaign]:
        campaign = await find(installed, which)
        made = await campaigns.retry_campaign(
            installed.db,
            installed.waker,
            campaign.id,
            statuses=status or ("failed",),
            name=name,
            accept_duplicates=accept_duplicates,
        )
        return made, await campaigns.get_campaign(installed.db, made, workspace=installed.workspace)

    made, new = with_database(ctx, work)
    show(
        {"id": made, "name": new.name, "status": new.status},
        lambda: f"Campaign {made} ({new.name}) is {new.status}. Watch it: clarion campaign watch {made}",
    )


def export(
    ctx: typer.Context,
    which: Which,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The CSV file to write; default: stdout.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Only messages of this status, such as unknown; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Write one CSV line (with --json one JSON list) per recipient: status, times, reasons, text."""
    if output is not None and output.exists():
        raise BadOption(f"--output: {output} exists already; choose another name or remove it.")
    wanted = _statuses(status or ())

    async def work(installed: Installation) -> int:
        campaign = await find(installed, which)
        everybody = campaigns.export_campaign(installed.db, campaign.id)
        rows = (row async for row in everybody if row["status"] in wanted)
        if json_wanted() and output is None:
            listed = [row async for row in rows]
            print_json(listed)
            return len(listed)
        return await _write_csv(rows, output)

    written = with_database(ctx, work)
    if output is not None:
        show({"rows": written, "file": str(output)}, lambda: f"{figure(written)} recipients in {output}.")


def _statuses(given: Sequence[str]) -> frozenset[str]:
    for name in given:
        if name not in set(Status):
            raise BadOption(f"--status: {name!r} must be one of {', '.join(Status)}.")
    return frozenset(given or Status)


async def _write_csv(rows: AsyncIterator[Mapping[str, Any]], output: Path | None) -> int:
    written = 0
    opened = nullcontext(sys.stdout) if output is None else output.open("x", encoding="utf-8-sig", newline="")
    with opened as file:
        writer = csv.DictWriter(file, fieldnames=COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        async for row in rows:
            writer.writerow({name: protect(str(value)) for name, value in row.items()})
            written += 1
    return written


async def find(installed: Installation, which: str) -> Campaign:
    """The campaign by name or id. Raises NotFound."""
    return await campaigns.get_campaign(installed.db, named(which), workspace=installed.workspace)


def variable(text: str) -> tuple[str, str]:
    """`name=value` as a pair. Raises BadOption."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadOption(f"--var {text!r}: write NAME=VALUE.")
    return name, value
