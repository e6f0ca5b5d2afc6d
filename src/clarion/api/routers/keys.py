"""API keys of the workspace."""

from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.fields import KeyId
from clarion.api.operation import Router
from clarion.api.pages import Page
from clarion.api.schemas.keys import Key, MadeKey, NewKey
from clarion.domain.access import Permission
from clarion.services.access import keys
from clarion.services.access.callers import NotAllowed
from clarion.store.access.keys import ApiKey

router = Router("API keys")


@router.operation("GET", "/keys", id="list_keys", summary="List the API keys", needs=Permission.KEYS_READ)
async def list_keys(ctx: Ctx) -> Page[Key]:
    """Every key of the workspace, newest first; also those that have ended."""
    found = await keys.list_keys(ctx.db, workspace=ctx.workspace)
    return Page[Key](items=[_shown(each) for each in found])


@router.operation(
    "POST",
    "/keys",
    id="create_key",
    summary="Make an API key",
    needs=Permission.KEYS_WRITE,
    status=201,
    keyed=False,
)
async def create_key(ctx: Ctx, body: NewKey, response: Response) -> MadeKey:
    """Make a key. It may not do more than you may. Its secret is in the answer, and never told again."""
    for scope in body.scopes:
        if scope not in ctx.caller.permissions:
            raise NotAllowed(scope)
    made = await keys.make_key(
        ctx.db,
        workspace=ctx.workspace,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
        made_by=ctx.caller.user_id,
    )
    found = await keys.find_key(ctx.db, made.id, workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/keys/key_{made.id}"
    return MadeKey(**_shown(found).model_dump(mode="python"), secret=made.secret)


@router.operation(
    "GET", "/keys/{key_id}", id="get_key", summary="Show an API key", needs=Permission.KEYS_READ
)
async def get_key(ctx: Ctx, key_id: KeyId) -> Key:
    """One key, without its secret."""
    return _shown(await keys.find_key(ctx.db, key_id, workspace=ctx.workspace))


@router.operation(
    "DELETE",
    "/keys/{key_id}",
    id="revoke_key",
    summary="Revoke an API key",
    needs=Permission.KEYS_WRITE,
    status=204,
)
async def revoke_key(ctx: Ctx, key_id: KeyId) -> None:
    """No request with the key is answered any more, by any process, once this answers. It stays in the list."""
    await keys.revoke_key(ctx.db, key_id, workspace=ctx.workspace)


def _shown(key: ApiKey) -> Key:
    return Key(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=key.scopes,
        made_by=key.made_by or None,
        created_at=key.created_at,
        expires_at=key.expires_at,
        used_at=key.used_at,
        revoked_at=key.revoked_at,
    )
