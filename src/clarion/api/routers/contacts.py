"""Contacts: looked up and kept in step."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.fields import ContactId, ListId
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.contacts import Bulk, BulkDone, BulkRow, Changes, Contact, NewContact, Upserted
from clarion.api.schemas.lists import ContactList
from clarion.domain.access import Permission
from clarion.domain.errors import BadAddress, BadField, ContactExists, NotFound
from clarion.services import contacts as service
from clarion.services import lists
from clarion.services.people import looking, saving
from clarion.services.people.wish import Wish

router = Router("Contacts")

NO_NUL = r"^[^\x00]+$"
PhoneQuery = Annotated[
    str | None,
    Query(
        max_length=60,
        pattern=NO_NUL,
        description="A number in any spelling, or the digits it begins with, country code first.",
        examples=["+5541991234567"],
    ),
]
CountryQuery = Annotated[
    str,
    Query(max_length=2, pattern="^([A-Za-z]{2})?$", description="Country of a number without country code."),
]

BULK_BYTES = 16 * 1024 * 1024


@router.operation(
    "GET",
    "/contacts",
    id="list_contacts",
    summary="List contacts",
    needs=Permission.CONTACTS_READ,
    refusals=[NotFound],
)
async def list_contacts(
    ctx: Ctx,
    limit: Limit = 50,
    cursor: Cursor = None,
    list_id: Annotated[ListId | None, Query(description="Only members of this list.")] = None,
    phone: PhoneQuery = None,
    country: CountryQuery = "",
    tag: Annotated[
        str | None, Query(max_length=100, pattern=NO_NUL, description="Only contacts with this tag.")
    ] = None,
    attribute: Annotated[
        str | None,
        Query(
            max_length=1_000,
            pattern=r"^[^\x00:]+:[^\x00]*$",
            description="Only contacts with this attribute, as `name:value`.",
            examples=["city:Curitiba"],
        ),
    ] = None,
) -> Page[Contact]:
    """The newest first; members of a list in the order they were put on it, the last first.

    With `phone` the person with this number, or everybody whose number begins with these digits, by number; together
    with `list_id` it must be a whole number. `tag` and `attribute` look through 5,000 contacts for each page: it may
    hold fewer than `limit`, or none, and go on with `next_cursor`. They cannot be combined with `phone`.
    """
    if phone is not None:
        if tag or attribute:
            raise BadField("phone", "cannot be combined with tag or attribute")
        return await _by_number(ctx, phone, country, list_id, limit, cursor)
    name, _, value = (attribute or "").partition(":")
    after = read_cursor("contacts", cursor, int)
    some = await looking.newest_contacts(
        ctx.db,
        workspace=ctx.workspace,
        list_id=list_id or 0,
        tag=tag or "",
        attribute=(name, value) if attribute else None,
        before=after[0] if after else 0,
        limit=limit,
    )
    return Page[Contact](
        items=[contact_shown(each) for each in some.contacts],
        next_cursor=make_cursor("contacts", some.more) if some.more else None,
    )


async def _by_number(
    ctx: Ctx, phone: str, country: str, list_id: int | None, limit: int, cursor: str | None
) -> Page[Contact]:
    after = read_cursor("contacts by number", cursor, str)
    if list_id is not None:
        member = await looking.member_by_number(
            ctx.db, list_id, phone, workspace=ctx.workspace, country=country
        )
        return Page[Contact](items=[contact_shown(member)] if member else [])
    found = await looking.contacts_by_number(
        ctx.db,
        phone,
        workspace=ctx.workspace,
        country=country,
        after=after[0] if after else "",
        limit=limit + 1,
    )
    return page(found, limit, contact_shown, lambda each: make_cursor("contacts by number", each.person))


@router.operation(
    "POST",
    "/contacts",
    id="create_contact",
    summary="Add a contact",
    needs=Permission.CONTACTS_WRITE,
    status=201,
    refusals=[ContactExists, BadAddress, BadField, NotFound],
)
async def create_contact(ctx: Ctx, body: NewContact, response: Response) -> Contact:
    """Add a person. If there is a contact with this number, the refusal names it as `contact_id`."""
    made = await saving.create_contact(
        ctx.db, body.phone, wish_of(body), workspace=ctx.workspace, country=body.country, on=body.lists
    )
    response.headers["Location"] = f"/api/v1/contacts/con_{made.id}"
    return contact_shown(made)


@router.operation(
    "POST",
    "/contacts/bulk",
    id="save_contacts",
    summary="Add or change up to 1,000 contacts",
    needs=Permission.CONTACTS_WRITE,
    refusals=[BadField, NotFound],
    limit=BULK_BYTES,
)
async def save_contacts(ctx: Ctx, body: Bulk) -> BulkDone:
    """A verdict for each, in their order, as an import gives them; the others are not held up by those that are
    refused. Repeating the request changes nothing."""
    verdicts = await saving.save_contacts(
        ctx.db,
        [(each.phone, wish_of(each)) for each in body.contacts],
        workspace=ctx.workspace,
        country=body.country,
        list_id=body.list_id or 0,
    )
    counts = dict.fromkeys(("accepted", "corrected", "duplicate", "invalid", "opted_out"), 0)
    for each in verdicts:
        counts[each.verdict] += 1
    ctx.detail = {name: n for name, n in counts.items() if n}
    return BulkDone(rows=_rows(verdicts), **counts)


def _rows(verdicts: Sequence[saving.Verdict]) -> list[BulkRow]:
    return [
        BulkRow.model_validate(
            {
                "row": n,
                "verdict": each.verdict,
                "contact_id": each.contact_id or None,
                "detail": each.detail,
            }
        )
        for n, each in enumerate(verdicts)
    ]


@router.operation(
    "PUT",
    "/contacts/by-phone/{phone}",
    id="save_contact",
    summary="Add or change the contact with a number",
    needs=Permission.CONTACTS_WRITE,
    refusals=[BadAddress, BadField],
    responses={201: {"model": Contact, "description": "The contact is new."}},
)
async def save_contact(
    ctx: Ctx,
    phone: Annotated[
        str,
        Path(
            max_length=60, pattern=r"^[^\x00/]+$", description="In any spelling.", examples=["+5541991234567"]
        ),
    ],
    body: Upserted,
    response: Response,
    country: CountryQuery = "",
) -> Contact:
    """The way to keep a contact in step with another system: repeating it changes nothing. 201 for a new contact.

    Attributes are merged; what is left out stays as it is.
    """
    saved, new = await saving.save_contact(
        ctx.db, phone, wish_of(body), workspace=ctx.workspace, country=country, on=body.lists
    )
    ctx.target = f"con_{saved.id}"
    if new:
        response.status_code = 201
    response.headers["Location"] = f"/api/v1/contacts/con_{saved.id}"
    return contact_shown(saved)


@router.operation(
    "GET",
    "/contacts/{contact_id}",
    id="get_contact",
    summary="Show a contact",
    needs=Permission.CONTACTS_READ,
)
async def get_contact(ctx: Ctx, contact_id: ContactId) -> Contact:
    """One contact."""
    return contact_shown(await looking.get_contact(ctx.db, contact_id, workspace=ctx.workspace))


@router.operation(
    "PATCH",
    "/contacts/{contact_id}",
    id="change_contact",
    summary="Change a contact",
    needs=Permission.CONTACTS_WRITE,
    refusals=[BadField],
)
async def change_contact(ctx: Ctx, contact_id: ContactId, body: Changes) -> Contact:
    """Attributes are put over those that are there, null removes one; fields that are left out stay as they are.

    The number cannot be changed: another number is another person.
    """
    return contact_shown(
        await saving.change_contact(ctx.db, contact_id, wish_of(body), workspace=ctx.workspace)
    )


@router.operation(
    "GET",
    "/contacts/{contact_id}/lists",
    id="list_lists_of_contact",
    summary="List the lists a contact is on",
    needs=Permission.CONTACTS_READ,
)
async def list_lists_of_contact(ctx: Ctx, contact_id: ContactId) -> Page[ContactList]:
    """All of them, by name."""
    found = await lists.lists_of_contact(ctx.db, contact_id, workspace=ctx.workspace)
    return Page[ContactList](items=[ContactList.model_validate(each) for each in found])


def wish_of(body: Changes) -> Wish:
    """What a request wants of a contact."""
    return Wish(body.attributes, body.tags, body.language, body.timezone)


def contact_shown(contact: service.Contact) -> Contact:
    """A contact as it is shown."""
    return Contact(
        id=contact.id,
        phone=contact.address,
        attributes=contact.attributes,
        tags=contact.tags,
        language=contact.language,
        timezone=contact.timezone,
        opted_out=contact.opted_out,
        created_at=contact.created_at,
        updated_at=contact.updated_at,
    )
