"""The cache of what providers have approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import templates


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """A template as it was last synced. `account` is what it belongs to: a WABA id or an account SID."""

    id: int
    provider: str
    account: str
    provider_id: str
    name: str
    language: str
    category: str
    status: str
    named: bool
    variables: list[str]
    text: str
    header_media: str
    synced_at: int


_SHOWN = [column for column in templates.c if column.name in StoredTemplate.__dataclass_fields__]
_FACTS = ("provider_id", "category", "status", "named", "variables", "text", "header_media", "content")
_ROWS = dialect.Rows(
    {
        "name": "text", "language": "text", "provider_id": "text", "category": "text", "status": "text",
        "named": "int", "variables": "json", "text": "text", "header_media": "text", "content": "json",
    }
)  # fmt: skip


async def of_account(tx: Tx, workspace: int, provider: str, account: str) -> list[StoredTemplate]:
    """Every cached template of one account, by name and language."""
    rows = await tx.all(
        sa.select(*_SHOWN)
        .where(
            templates.c.workspace_id == workspace,
            templates.c.provider == provider,
            templates.c.account == account,
        )
        .order_by(templates.c.name, templates.c.language)
    )
    return [StoredTemplate(**row._mapping) for row in rows]


async def put(tx: Tx, workspace: int, provider: str, account: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert or update templates. A row is: name, language, provider_id, category, status, named (0 or 1),
    variables (JSON text), text, header_media, content (JSON text).
    """
    updates = ", ".join(f"{fact} = excluded.{fact}" for fact in ("name", "language", *_FACTS, "synced_at"))
    await tx.run(
        f"""
        INSERT INTO templates
               (workspace_id, provider, account, synced_at, name, language, {", ".join(_FACTS)})
        SELECT :workspace, :provider, :account, :now, v.name, v.language, v.provider_id, v.category, v.status,
               v.named = 1, v.variables, v.text, v.header_media, v.content
        FROM {_ROWS.sql(tx.name)} WHERE true
        ON CONFLICT (workspace_id, provider, account, provider_id) DO UPDATE SET {updates}
        """,
        {
            "workspace": workspace,
            "provider": provider,
            "account": account,
            "now": await tx.now(),
            **_ROWS.params(tx.name, rows),
        },
    )


async def drop(tx: Tx, ids: Sequence[int]) -> None:
    """Forget templates that the provider no longer lists."""
    if ids:
        await tx.run(sa.delete(templates).where(templates.c.id.in_(ids)))
