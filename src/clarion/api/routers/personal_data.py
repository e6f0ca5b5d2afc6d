"""People's data on its way out: as a file, to the person, and for good."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import StreamingResponse

from clarion.api.context import Ctx
from clarion.api.fields import ContactId, ListId, show_id
from clarion.api.operation import Router
from clarion.api.routers.contacts import contact_shown
from clarion.api.schemas.contacts import (
    DisclosedConsent,
    DisclosedMessage,
    DisclosedPosition,
    DisclosedReply,
    Disclosure,
)
from clarion.domain.access import Permission
from clarion.domain.errors import ContactBusy, NotFound
from clarion.services import contacts, lists
from clarion.services.people import disclosing, erasing

router = Router("Contacts")

CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A CSV file in UTF-8 with a byte order mark, as it comes.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}
"""What an operation that answers with a file documents."""


def csv_file(pieces: AsyncIterator[str], name: str) -> StreamingResponse:
    """A CSV file that is written while it is read."""

    async def marked() -> AsyncIterator[str]:
        yield "\ufeff"  # or Excel takes it for another encoding
        async for piece in pieces:
            yield piece

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(marked(), media_type="text/csv", headers=headers)


@router.operation(
    "GET",
    "/contacts/export",
    id="export_contacts",
    summary="Export contacts as CSV",
    needs=Permission.CONTACTS_READ,
    refusals=[NotFound],
    responses=CSV,
    response_class=StreamingResponse,
)
async def export_contacts(
    ctx: Ctx, list_id: Annotated[ListId | None, Query(description="Only members of this list.")] = None
) -> StreamingResponse:
    """`phone`, then a column for each attribute that anybody has.

    A cell that a spreadsheet would run as a formula gets a leading quote, which an import takes off again: the file
    comes back unchanged.
    """
    if list_id is not None:
        await lists.get_list(ctx.db, list_id, workspace=ctx.workspace)
    rows = contacts.contact_rows(ctx.db, workspace=ctx.workspace, list_id=list_id or 0)
    return csv_file((text async for _, text in rows), "contacts.csv")


@router.operation(
    "GET",
    "/contacts/{contact_id}/export",
    id="export_contact",
    summary="Export everything stored of a person",
    needs=Permission.CONTACTS_READ,
)
async def export_contact(ctx: Ctx, contact_id: ContactId) -> Disclosure:
    """The contact, lists, wish, messages, replies and journeys: what to hand to somebody who asks what you hold."""
    held = await disclosing.disclose(ctx.db, contact_id, workspace=ctx.workspace)
    return Disclosure(
        contact=contact_shown(held.contact),
        lists=held.lists,
        consent=DisclosedConsent(
            state="opted_out" if held.consent.opted_out else "opted_in",
            source=held.consent.source,
            since=held.consent.since,
        ),
        messages=[
            DisclosedMessage.model_validate(
                {**row, "id": show_id("message", row["id"]), "phone": row["address"]}
            )
            for row in held.messages
        ],
        replies=[
            DisclosedReply.model_validate({**row, "id": show_id("reply", row["id"])}) for row in held.replies
        ],
        positions=[
            DisclosedPosition.model_validate({**row, "id": show_id("position", row["id"])})
            for row in held.positions
        ],
    )


@router.operation(
    "DELETE",
    "/contacts/{contact_id}",
    id="erase_contact",
    summary="Erase a person's data",
    needs=Permission.CONTACTS_WRITE,
    status=204,
    refusals=[ContactBusy],
    joined=False,
)
async def erase_contact(ctx: Ctx, contact_id: ContactId) -> None:
    """Forget a person. It cannot be undone.

    Nothing more is sent to them; the contact goes, with numbers, texts and variables of its messages, replies,
    conversations, journeys, import reports and raw webhooks. What stays: statuses and times of messages, so that
    counters add up; and an opt-out with the number it forbids, if there is one. Refused while a message is on its
    way: ask again in a minute.
    """
    await erasing.erase_contact(ctx.db, ctx.backend.db, ctx.waker, contact_id, workspace=ctx.workspace)
