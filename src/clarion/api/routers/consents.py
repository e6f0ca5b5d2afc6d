"""Consents: who must not be written to."""

from typing import Annotated

from fastapi import Query

from clarion.api.context import Ctx
from clarion.api.fields import ContactId
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.routers.contacts import NO_NUL, CountryQuery
from clarion.api.schemas.consents import Consent, ConsentWish, NumberConsentWish
from clarion.domain.access import Permission
from clarion.domain.errors import BadAddress, BadField
from clarion.services.people import consents

router = Router("Consents")


@router.operation(
    "GET", "/consents", id="list_consents", summary="List opt-outs", needs=Permission.CONTACTS_READ
)
async def list_consents(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Consent]:
    """Everybody who must not be written to, the last to say so first; contacts or not."""
    after = read_cursor("consents", cursor, int, str)
    found = await consents.list_opt_outs(
        ctx.db, workspace=ctx.workspace, before=(after[0], after[1]) if after else None, limit=limit + 1
    )
    return page(found, limit, consent_shown, lambda each: make_cursor("consents", each.since, each.person))


@router.operation(
    "GET",
    "/consents/lookup",
    id="get_consent",
    summary="Show whether a number may be written to",
    needs=Permission.CONTACTS_READ,
    refusals=[BadAddress, BadField],
)
async def get_consent(
    ctx: Ctx,
    phone: Annotated[
        str,
        Query(
            min_length=1,
            max_length=60,
            pattern=NO_NUL,
            description="In any spelling; + is written %2B in an address.",
            examples=["+5541991234567"],
        ),
    ],
    country: CountryQuery = "",
) -> Consent:
    """What is known of a number, whether it is a contact's or not. `opted_in` means: no opt-out is stored."""
    return consent_shown(
        await consents.consent_of_number(ctx.db, phone, workspace=ctx.workspace, country=country)
    )


@router.operation(
    "POST",
    "/consents",
    id="set_consent_of_number",
    summary="Store or lift a number's opt-out",
    needs=Permission.CONTACTS_WRITE,
    refusals=[BadAddress, BadField],
)
async def set_consent_of_number(ctx: Ctx, body: NumberConsentWish) -> Consent:
    """Once an opt-out is stored, no further message starts to the person. Repeating it changes nothing."""
    ctx.detail = {"state": body.state, "source": body.source}
    made = await consents.set_for_number(
        ctx.db,
        body.phone,
        workspace=ctx.workspace,
        opted_out=body.state == "opted_out",
        source=body.source,
        country=body.country,
    )
    ctx.target = f"con_{made.contact_id}" if made.contact_id else "somebody who is no contact"
    return consent_shown(made)


@router.operation(
    "PUT",
    "/contacts/{contact_id}/consent",
    id="set_consent",
    summary="Store or lift a contact's opt-out",
    needs=Permission.CONTACTS_WRITE,
)
async def set_consent(ctx: Ctx, contact_id: ContactId, body: ConsentWish) -> Consent:
    """Once an opt-out is stored, no further message starts to the person. Repeating it changes nothing."""
    ctx.detail = {"state": body.state, "source": body.source}
    return consent_shown(
        await consents.set_for_contact(
            ctx.db,
            contact_id,
            workspace=ctx.workspace,
            opted_out=body.state == "opted_out",
            source=body.source,
        )
    )


def consent_shown(consent: consents.Consent) -> Consent:
    """A consent as it is shown."""
    return Consent(
        person=consent.person,
        state="opted_out" if consent.opted_out else "opted_in",
        source=consent.source,
        since=consent.since,
        contact_id=consent.contact_id or None,
        phone=consent.address,
    )
