"""`clarion template`: what the providers have approved."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from clarion import bootstrap
from clarion.bootstrap import Installation
from clarion.cli.base import Json, group, moment, named, show, table, with_database
from clarion.services import senders, templates
from clarion.services.senders import Sender
from clarion.services.templates import SyncReport
from clarion.store.templates import StoredTemplate

app = group("Fetch and look at a sender's approved templates.")

SenderOption = Annotated[str, typer.Option("--sender", help="The sender's name or id.")]


@app.command()
def sync(ctx: typer.Context, sender: SenderOption, json: Json = False) -> None:
    """Fetch the templates from the provider. Campaigns are checked against what was fetched last."""
    report = with_database(ctx, lambda installed: sync_sender(installed, sender))

    def text() -> str:
        changes = [
            f"{word} {', '.join(names)}"
            for word, names in (
                ("new:", report.added),
                ("changed:", report.changed),
                ("gone:", report.removed),
            )
            if names
        ]
        return "\n".join([f"{report.total} templates.", *changes])

    show(report, text)


@app.command("list")
def list_all(ctx: typer.Context, sender: SenderOption, json: Json = False) -> None:
    """The templates fetched last."""

    async def work(installed: Installation) -> Sequence[StoredTemplate]:
        return await templates.list_templates(installed.db, await _sender(installed, sender))

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("name", "language", "category", "status", "variables", "text"),
            [
                (t.name, t.language, t.category, t.status, ", ".join(t.variables) or "none", _short(t.text))
                for t in found
            ],
            empty=f"No template is known yet: run `clarion template sync --sender {sender}`.",
        ),
    )


@app.command("show")
def show_one(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME[:LANGUAGE]")],
    sender: SenderOption,
    json: Json = False,
) -> None:
    """One template: its text, its variables, and the options that fill them."""
    wanted, _, language = name.partition(":")

    async def work(installed: Installation) -> StoredTemplate:
        return await templates.find_template(installed.db, await _sender(installed, sender), wanted, language)

    found = with_database(ctx, work)
    show(_told(found), lambda: _lines(found))


async def sync_sender(installed: Installation, which: str) -> SyncReport:
    """Fetch one sender's templates. Raises NotFound, ProviderRefused."""
    sender = await _sender(installed, which)
    account = await senders.load_account(installed.db, installed.box, sender.id)
    async with bootstrap.open_transport(installed.settings) as transport:
        provider = bootstrap.build_provider(installed.settings, sender.provider, account, transport)
        return await templates.sync_templates(installed.db, provider, sender)


async def _sender(installed: Installation, which: str) -> Sender:
    return await senders.get_sender(installed.db, named(which), workspace=installed.workspace)


def _told(template: StoredTemplate) -> dict[str, Any]:
    return {**asdict(template), "synced_at": moment(template.synced_at)}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def _lines(template: StoredTemplate) -> str:
    options = [_option(template, variable) for variable in template.variables]
    if template.header_media:
        options.insert(0, f"--header-media {template.header_media}=https://...")
    values = {
        "name": f"{template.name}:{template.language}",
        "id": template.provider_id,
        "category": template.category,
        "status": template.status,
        "fetched": moment(template.synced_at),
        "text": template.text,
        "options": " ".join(options) or "none needed",
    }
    return "\n".join(f"{name:<10} {value}" for name, value in values.items())


def _option(template: StoredTemplate, variable: str) -> str:
    part, _, name = variable.partition(".")
    match part:
        case "header":
            return "--header '...'"
        case "button":
            return f"--button {name}:url='...'"
    return f"--param {name}='...'"
