"""`clarion inbox`: what waits for people: conversations journeys handed over, and replies nobody waited for."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Group

from clarion.bootstrap import Installation
from clarion.cli.base import Json, group, moment, show, table, with_database
from clarion.cli.journey_text import told
from clarion.services.journeys import handoffs
from clarion.services.journeys.handoffs import Handoff, Unwanted

app = group("Conversations and replies that wait for a person.")


@app.command("list")
def list_all(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many of each.")] = 50,
    json: Json = False,
) -> None:
    """Open conversations, oldest first, and replies that no journey wanted, newest first."""

    async def work(installed: Installation) -> tuple[Sequence[Handoff], Sequence[Unwanted]]:
        db, workspace = installed.db, installed.workspace
        return (
            await handoffs.open_handoffs(db, workspace=workspace, limit=limit),
            await handoffs.unwanted_replies(db, workspace=workspace, limit=limit),
        )

    opened, unwanted = with_database(ctx, work)
    show(
        {"handoffs": told(opened), "replies": told(unwanted)},
        lambda: _lines(opened, unwanted),
    )


@app.command()
def close(
    ctx: typer.Context,
    handoff: Annotated[int, typer.Argument(metavar="ID", help="The conversation's number.")],
    json: Json = False,
) -> None:
    """Say that a conversation is dealt with; a journey that waits for that goes on."""

    async def work(installed: Installation) -> bool:
        return await handoffs.close_handoff(
            installed.db, installed.waker, handoff, workspace=installed.workspace
        )

    closed = with_database(ctx, work)
    show(
        {"id": handoff, "closed": closed},
        lambda: f"Conversation {handoff} {'is' if closed else 'was already'} closed.",
    )


def _lines(opened: Sequence[Handoff], unwanted: Sequence[Unwanted]) -> object:
    if not opened and not unwanted:
        return "Nothing waits for a person."
    return Group(
        table(
            ("id", "phone", "journey", "since", "note", "last words"),
            [(str(h.id), h.address, h.journey, moment(h.opened_at), h.note, h.last_text) for h in opened],
            empty="No open conversation.",
        ),
        "",
        table(
            ("phone", "to", "at", "reply", "why it is here"),
            [(r.address, r.sender, moment(r.at), _said(r), r.why) for r in unwanted],
            empty="No reply that nobody waited for.",
        ),
    )


def _said(reply: Unwanted) -> str:
    said = reply.text or reply.payload or f"<{reply.kind}>"
    return f"{said} (may want to stop messages)" if reply.maybe_opt_out else said
