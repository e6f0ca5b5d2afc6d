"""`clarion sender`: our numbers and messaging services at the providers."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from clarion import bootstrap
from clarion.bootstrap import Installation
from clarion.cli.base import Json, figure, found_problems, group, moment, named, show, table, with_database
from clarion.cli.sender_add import app as add_app
from clarion.cli.sender_add import secrets_app
from clarion.providers.base import Health
from clarion.services import senders
from clarion.services.senders import Sender

app = group("Add, look at and steer senders.")
app.add_typer(add_app, name="add")
app.add_typer(secrets_app, name="secrets")

Which = Annotated[str, typer.Argument(metavar="SENDER", help="Its name or id.")]


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every sender with its rate and state."""

    async def work(installed: Installation) -> list[Sender]:
        return list(await senders.list_senders(installed.db, workspace=installed.workspace))

    found = with_database(ctx, work)
    show(
        [told(sender) for sender in found],
        lambda: table(
            ("id", "name", "provider", "account", "rate/s", "now/s", "state"),
            [
                (
                    s.id,
                    s.name,
                    s.provider,
                    s.account,
                    _rate(s.rate),
                    _rate(s.pace),
                    f"{s.state} {s.state_reason}".strip(),
                )
                for s in found
            ],
            empty="There is no sender yet: add one with `clarion sender add whatsapp` (or twilio).",
        ),
    )


@app.command("show")
def show_one(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """One sender, without its credentials."""
    sender = with_database(ctx, lambda installed: _get(installed, which))
    show(told(sender), lambda: _lines(sender))


@app.command()
def rate(
    ctx: typer.Context,
    which: Which,
    per_second: Annotated[float, typer.Argument(metavar="RATE", help="Messages per second; 0 is unlimited.")],
    json: Json = False,
) -> None:
    """Set the rate; it takes effect within a second, also while campaigns run."""

    async def work(installed: Installation) -> Sender:
        sender = await _get(installed, which)
        await senders.set_rate(installed.db, installed.waker, sender.id, per_second)
        return await _get(installed, which)

    sender = with_database(ctx, work)
    show(
        told(sender),
        lambda: f"Sender {sender.name} sends {_rate(sender.rate)} messages per second from now on.",
    )


@app.command()
def pause(
    ctx: typer.Context,
    which: Which,
    reason: Annotated[str, typer.Option(help="Shown wherever the sender is.")] = "paused by an operator",
    json: Json = False,
) -> None:
    """Start nothing more from this sender, whatever the campaign."""

    async def work(installed: Installation) -> Sender:
        sender = await _get(installed, which)
        await senders.pause_sender(installed.db, sender.id, reason)
        return await _get(installed, which)

    sender = with_database(ctx, work)
    show(told(sender), lambda: f"Sender {sender.name} is paused: {sender.state_reason}.")


@app.command()
def resume(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """Let a paused sender send again; what waited goes on."""

    async def work(installed: Installation) -> Sender:
        sender = await _get(installed, which)
        await senders.resume_sender(installed.db, installed.waker, sender.id)
        return await _get(installed, which)

    sender = with_database(ctx, work)
    show(told(sender), lambda: f"Sender {sender.name} is active.")


@app.command()
def check(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """Ask the provider whether the sender can send: credentials, quality, throughput."""

    async def work(installed: Installation) -> tuple[Sender, Health]:
        sender = await _get(installed, which)
        return sender, await ask_health(installed, sender)

    sender, health = with_database(ctx, work)
    show({"sender": sender.name, **asdict(health)}, lambda: _health(sender, health))
    if not health.ok:
        found_problems()


async def ask_health(installed: Installation, sender: Sender) -> Health:
    """What the provider says of the sender. Raises ProviderRefused."""
    account = await senders.load_account(installed.db, installed.box, sender.id)
    async with bootstrap.open_transport(installed.settings) as transport:
        return await bootstrap.build_provider(
            installed.settings, sender.provider, account, transport
        ).health()


def told(sender: Sender) -> dict[str, Any]:
    """A sender as JSON shows it; instants are RFC 3339."""
    return {**asdict(sender), "created_at": moment(sender.created_at)}


async def _get(installed: Installation, which: str) -> Sender:
    return await senders.get_sender(installed.db, named(which), workspace=installed.workspace)


def _rate(per_second: float) -> str:
    return figure(per_second) if per_second else "unlimited"


def _lines(sender: Sender) -> str:
    values = {
        "id": sender.id,
        "name": sender.name,
        "provider": sender.provider,
        "account": sender.account,
        **sender.config,
        "rate": f"{_rate(sender.rate)} per second set, {_rate(sender.pace)} now",
        "state": f"{sender.state} {sender.state_reason}".strip(),
        "created": moment(sender.created_at),
    }
    return "\n".join(f"{name:<18} {value}" for name, value in values.items())


def _health(sender: Sender, health: Health) -> str:
    state = "can send" if health.ok else "cannot send"
    limit = f", up to {health.limit} messages per second" if health.limit else ""
    quality = f", quality {health.quality}" if health.quality else ""
    return f"Sender {sender.name} ({health.name}) {state}{limit}{quality}. {health.detail}".strip()
