"""Lists, and who is on them."""

from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.fields import ContactId, ListId, show_id
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.routers.contacts import contact_shown
from clarion.api.schemas.contacts import Contact
from clarion.api.schemas.lists import ContactList, MembersAdded, Missing, NewList, NewMembers
from clarion.domain.access import Permission
from clarion.domain.errors import AlreadyExists, BadField, InUse
from clarion.services import lists
from clarion.services.people import looking

router = Router("Lists")


@router.operation("GET", "/lists", id="list_lists", summary="List the lists", needs=Permission.CONTACTS_READ)
async def list_lists(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[ContactList]:
    """By name."""
    after = read_cursor("lists", cursor, str)
    found = await lists.page_of_lists(
        ctx.db, workspace=ctx.workspace, after=after[0] if after else "", limit=limit + 1
    )
    return page(found, limit, _shown, lambda each: make_cursor("lists", each.name))


@router.operation(
    "POST",
    "/lists",
    id="create_list",
    summary="Make a list",
    needs=Permission.CONTACTS_WRITE,
    status=201,
    refusals=[AlreadyExists, BadField],
)
async def create_list(ctx: Ctx, body: NewList, response: Response) -> ContactList:
    """An empty list."""
    made = await lists.create_list(ctx.db, name_of(body.name), workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/lists/lst_{made}"
    return _shown(await lists.get_list(ctx.db, made, workspace=ctx.workspace))


@router.operation(
    "GET", "/lists/{list_id}", id="get_list", summary="Show a list", needs=Permission.CONTACTS_READ
)
async def get_list(ctx: Ctx, list_id: ListId) -> ContactList:
    """One list."""
    return _shown(await lists.get_list(ctx.db, list_id, workspace=ctx.workspace))


@router.operation(
    "PATCH",
    "/lists/{list_id}",
    id="rename_list",
    summary="Rename a list",
    needs=Permission.CONTACTS_WRITE,
    refusals=[AlreadyExists, BadField],
)
async def rename_list(ctx: Ctx, list_id: ListId, body: NewList) -> ContactList:
    """Campaigns keep using it; journeys name lists, so publish those again that should use the new name."""
    await lists.rename_list(ctx.db, list_id, name_of(body.name), workspace=ctx.workspace)
    return _shown(await lists.get_list(ctx.db, list_id, workspace=ctx.workspace))


@router.operation(
    "DELETE",
    "/lists/{list_id}",
    id="delete_list",
    summary="Delete a list",
    needs=Permission.CONTACTS_WRITE,
    status=204,
    refusals=[InUse],
    joined=False,
)
async def delete_list(ctx: Ctx, list_id: ListId) -> None:
    """The contacts stay. Refused while a campaign, a journey's run or an import under way uses the list."""
    await lists.delete_list(ctx.db, list_id, workspace=ctx.workspace)


@router.operation(
    "GET",
    "/lists/{list_id}/members",
    id="list_members",
    summary="List a list's members",
    needs=Permission.CONTACTS_READ,
)
async def list_members(ctx: Ctx, list_id: ListId, limit: Limit = 50, cursor: Cursor = None) -> Page[Contact]:
    """The last who was put on it first."""
    after = read_cursor("members", cursor, int)
    some = await looking.newest_contacts(
        ctx.db, workspace=ctx.workspace, list_id=list_id, before=after[0] if after else 0, limit=limit
    )
    return Page[Contact](
        items=[contact_shown(each) for each in some.contacts],
        next_cursor=make_cursor("members", some.more) if some.more else None,
    )


@router.operation(
    "POST",
    "/lists/{list_id}/members",
    id="add_members",
    summary="Put contacts on a list",
    needs=Permission.CONTACTS_WRITE,
    refusals=[BadField],
)
async def add_members(ctx: Ctx, list_id: ListId, body: NewMembers) -> MembersAdded:
    """Up to 1,000 by id and 1,000 by number. Who is no contact is told, and holds nobody up. Repeating it changes
    nothing."""
    done = await lists.add_members(
        ctx.db,
        list_id,
        workspace=ctx.workspace,
        contact_ids=body.contacts,
        phones=body.phones,
        country=body.country,
    )
    ctx.detail = {"added": done.added}
    return MembersAdded(
        added=done.added,
        already=done.already,
        missing=[
            Missing(item=show_id("contact", item) if isinstance(item, int) else item, detail=detail)
            for item, detail in done.missing
        ],
    )


@router.operation(
    "DELETE",
    "/lists/{list_id}/members/{contact_id}",
    id="remove_member",
    summary="Take a contact off a list",
    needs=Permission.CONTACTS_WRITE,
    status=204,
)
async def remove_member(ctx: Ctx, list_id: ListId, contact_id: ContactId) -> None:
    """The contact stays. Repeating it changes nothing."""
    await lists.drop_member(ctx.db, list_id, contact_id, workspace=ctx.workspace)


def name_of(name: str) -> str:
    """A list's name without spaces around it. Raises BadField."""
    if not name.strip():
        raise BadField("name", "give it a name")
    return name.strip()


def _shown(found: lists.Listed) -> ContactList:
    return ContactList.model_validate(found)
