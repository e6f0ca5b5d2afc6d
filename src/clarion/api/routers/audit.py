"""The audit log: who did what, when and from where."""

from typing import Annotated

from fastapi import Query

from clarion.api.context import Ctx
from clarion.api.fields import Time
from clarion.api.operation import Router
from clarion.api.pages import BadCursor, Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.audit import AuditEntry, Verification
from clarion.domain.access import Permission
from clarion.domain.audit import Entry
from clarion.services.access import auditing

router = Router("Audit")


@router.operation(
    "GET",
    "/audit",
    id="list_audit",
    summary="List the audit log",
    needs=Permission.AUDIT_READ,
    refusals=[BadCursor],
)
async def list_audit(
    ctx: Ctx,
    actor: Annotated[
        str, Query(max_length=100, description="Only what this one did.", examples=["user:3"])
    ] = "",
    action: Annotated[
        str, Query(max_length=100, description="Only this.", examples=["launch_campaign"])
    ] = "",
    after: Annotated[Time, Query(description="Only at or after this time.")] = 0,
    before: Annotated[Time, Query(description="Only before this time.")] = 0,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AuditEntry]:
    """What was done in the workspace, newest first. Entries are only ever added, and each carries a hash over the
    one before it."""
    last = read_cursor("audit", cursor, int)
    found = await auditing.list_entries(
        ctx.db,
        workspace=ctx.workspace,
        before=last[0] if last else 0,
        actor=actor,
        action=action,
        since=after,
        until=before,
        limit=limit + 1,
    )
    return page(found, limit, _shown, lambda each: make_cursor("audit", each.seq))


@router.operation(
    "GET",
    "/audit/verification",
    id="verify_audit",
    summary="Verify the audit log",
    needs=Permission.AUDIT_READ,
)
async def verify_audit(ctx: Ctx) -> Verification:
    """Walk the whole chain of hashes: about a second for each hundred thousand entries."""
    found = await auditing.verify(ctx.db, workspace=ctx.workspace)
    return Verification(
        intact=found.intact,
        entries=found.entries,
        first_broken=found.first_broken or None,
        hash=found.hash,
    )


def _shown(entry: Entry) -> AuditEntry:
    return AuditEntry(
        number=entry.seq,
        at=entry.at,
        actor=entry.actor,
        actor_name=entry.actor_name,
        action=entry.action,
        target=entry.target,
        detail=dict(entry.detail),
        address=entry.address,
    )
