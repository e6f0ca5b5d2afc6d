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


@dataclass(frozen=True, slots=True)
class WholeTemplate(StoredTemplate):
    """A template with the provider's own definition of it."""

    workspace_id: int
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which templates of a workspace are listed; "" is any. `account` goes with `provider`."""

    provider: str = ""
    account: str = ""
    status: str = ""
    name: str = ""
    language: str = ""


_SHOWN = [column for column in templates.c if column.name in StoredTemplate.__dataclass_fields__]
_WHOLE = [templates.c[each] for each in WholeTemplate.__dataclass_fields__]
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


async def page(
    tx: Tx, workspace: int, wanted: Wanted, *, after: tuple[str, str, int] | None, limit: int
) -> Sequence[WholeTemplate]:
    """A workspace's templates by name, language and id, those after the given ones."""
    query = sa.select(*_WHOLE).where(templates.c.workspace_id == workspace)
    for field in ("provider", "account", "status", "name", "language"):
        if value := getattr(wanted, field):
            query = query.where(templates.c[field] == value)
    order = sa.tuple_(templates.c.name, templates.c.language, templates.c.id)
    if after is not None:
        query = query.where(order > sa.tuple_(*map(sa.literal, after)))
    rows = await tx.all(query.order_by(templates.c.name, templates.c.language, templates.c.id).limit(limit))
    return [WholeTemplate(**row._mapping) for row in rows]


async def find(tx: Tx, workspace: int, template_id: int) -> WholeTemplate | None:
    """One template of a workspace."""
    row = await tx.first(
        sa.select(*_WHOLE).where(templates.c.workspace_id == workspace, templates.c.id == template_id)
    )
    return None if row is None else WholeTemplate(**row._mapping)


async def find_listed(
    tx: Tx, workspace: int, provider: str, account: str, provider_id: str
) -> WholeTemplate | None:
    """One template of a workspace by its id at the provider."""
    row = await tx.first(
        sa.select(*_WHOLE).where(
            templates.c.workspace_id == workspace,
            templates.c.provider == provider,
            templates.c.account == account,
            templates.c.provider_id == provider_id,
        )
    )
    return None if row is None else WholeTemplate(**row._mapping)


async def campaigns_with(tx: Tx, workspace: int, names: Sequence[str], language: str) -> list[str]:
    """Names of campaigns that wait or run with this template, called by any of `names`; the first few."""
    name = dialect.attribute(tx.name, "content", "name")
    spoken = dialect.attribute(tx.name, "content", "language")
    calls = {f"name{n}": each for n, each in enumerate(names)}
    rows = await tx.all(
        "SELECT name FROM campaigns WHERE workspace_id = :workspace AND status IN ('scheduled', 'running', 'paused') "
        f"AND {name} IN ({', '.join(':' + each for each in calls)}) "
        f"AND ({spoken} = :language OR {spoken} IS NULL) ORDER BY id LIMIT 5",
        {"workspace": workspace, "language": language, **calls},
    )
    return [row.name for row in rows]
