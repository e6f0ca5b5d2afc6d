"""Imports: what was asked, how far it is, and the rows that need telling."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.domain.news import Event
from clarion.store import dialect, news
from clarion.store import lists as lists_store
from clarion.store.contacts import upsert_sql
from clarion.store.db import Tx
from clarion.store.tables import campaigns, import_rows, imports, lists, mappings

VERDICTS = ("accepted", "corrected", "duplicate", "invalid", "opted_out")

_SHOWN = sa.select(imports, lists.c.name.label("list_name")).join(lists, lists.c.id == imports.c.list_id)


async def insert(tx: Tx, values: Mapping[str, Any]) -> int:
    """A new import's id."""
    statement = sa.insert(imports).values(**values, created_at=await tx.now()).returning(imports.c.id)
    return int(await tx.scalar(statement))


async def get(tx: Tx, workspace_id: int, import_id: int) -> sa.Row[Any]:
    """The import with `list_name`. Raises NotFound."""
    row = await tx.first(_SHOWN.where(imports.c.workspace_id == workspace_id, imports.c.id == import_id))
    if row is None:
        raise NotFound("import", import_id)
    return row


async def lock(tx: Tx, import_id: int) -> sa.Row[Any] | None:
    """The import's `status`, `cursor`, `worker` and `tries`; nobody else moves them before commit."""
    return await tx.first(
        sa.select(imports.c.status, imports.c.cursor, imports.c.worker, imports.c.tries)
        .where(imports.c.id == import_id)
        .with_for_update()
    )


async def running_on(tx: Tx, list_id: int) -> sa.Row[Any] | None:
    """The unfinished import into the list, if there is one."""
    return await tx.first(_SHOWN.where(imports.c.list_id == list_id, imports.c.status == "running"))


async def overview(tx: Tx, workspace_id: int, *, before: int = 0, limit: int = 50) -> Sequence[sa.Row[Any]]:
    """The newest imports (before the one with this id) with `list_name`, newest first."""
    query = _SHOWN.where(imports.c.workspace_id == workspace_id).order_by(imports.c.id.desc()).limit(limit)
    return await tx.all(query.where(imports.c.id < before) if before else query)


async def finish(tx: Tx, import_id: int, status: Literal["finished", "failed"], error: str = "") -> bool:
    """End a running import; True if it was running."""
    ended = await tx.all(
        sa.update(imports)
        .where(imports.c.id == import_id, imports.c.status == "running")
        .values(status=status, error=error, finished_at=await tx.now())
        .returning(imports.c.workspace_id)
    )
    await news.tell(tx, [news.News(row.workspace_id, Event.IMPORT_FINISHED, import_id) for row in ended])
    return bool(ended)


async def told(
    tx: Tx, import_id: int, *, verdict: str = "", after: int = 0, limit: int = 1_000
) -> Sequence[sa.Row[Any]]:
    """Rows that need telling, by line: `line`, `verdict`, `detail`, `raw`."""
    query = sa.select(import_rows).where(import_rows.c.import_id == import_id, import_rows.c.line > after)
    if verdict:
        query = query.where(import_rows.c.verdict == verdict)
    return await tx.all(query.order_by(import_rows.c.line).limit(limit))


# --- who does it ------------------------------------------------------------------------------------------


async def claim(tx: Tx, import_id: int, worker: str) -> bool:
    """Take a running import of an upload for this process, and count the try; False if it is not to be had."""
    taken = await tx.run(
        "UPDATE imports SET worker = :worker, tries = tries + 1 "
        "WHERE id = :id AND status = 'running' AND upload_id <> 0 AND worker IN ('', :worker)",
        {"id": import_id, "worker": worker},
    )
    return taken > 0


async def workspace_of(tx: Tx, import_id: int) -> int:
    """Whose import it is."""
    return int(await tx.scalar(sa.select(imports.c.workspace_id).where(imports.c.id == import_id)))


async def release(tx: Tx, import_id: int, worker: str, *, well: bool) -> None:
    """Let go of it; `well`: the try was none."""
    await tx.run(
        "UPDATE imports SET worker = '', tries = CASE WHEN :well = 1 THEN 0 ELSE tries END "
        "WHERE id = :id AND worker = :worker",
        {"id": import_id, "worker": worker, "well": int(well)},
    )


async def recover(tx: Tx, *, everybody_but: str = "") -> None:
    """Free the imports of workers that are gone: of all but one, or of those that are no longer known."""
    gone = "worker <> :alive" if everybody_but else "worker NOT IN (SELECT name FROM workers)"
    await tx.run(
        f"UPDATE imports SET worker = '' WHERE status = 'running' AND worker <> '' AND {gone}",
        {"alive": everybody_but} if everybody_but else {},
    )


# --- a batch ----------------------------------------------------------------------------------------------

_GOOD = dialect.Rows(
    {
        "line": "int",
        "address": "text",
        "person": "text",
        "attributes": "json",
        "language": "text",
        "timezone": "text",
        "detail": "text",
    }
)
_BAD = dialect.Rows({"line": "int", "detail": "text", "raw": "json"})

_KEPT = "verdict IN ('accepted', 'corrected')"

# Scalar subqueries, not joins, and `list_id + 0`, which no index fits: each is then one look into the right index,
# whatever the planner believes about tables and lists that were empty when it last counted.
_JUDGED = """
    CREATE TEMPORARY TABLE import_batch AS
    SELECT line, address, person, attributes, language, timezone,
           CASE WHEN stop IS NOT NULL THEN 'opted_out'
                WHEN earlier IS NOT NULL OR first < line THEN 'duplicate'
                WHEN detail <> '' THEN 'corrected' ELSE 'accepted' END AS verdict,
           CASE WHEN stop IS NOT NULL THEN 'opted out: ' || stop
                WHEN earlier IS NOT NULL THEN 'duplicate of line ' || earlier
                WHEN first < line THEN 'duplicate of line ' || first
                ELSE detail END AS detail
    FROM (SELECT v.*,
                 min(line) OVER (PARTITION BY person) AS first,
                 (SELECT s.source FROM suppressions s
                  WHERE s.workspace_id = :workspace AND s.person = v.person AND s.until = 0) AS stop,
                 (SELECT m.line FROM list_members m
                  WHERE m.list_id + 0 = :list AND m.import_id = :import AND m.contact_id =
                      (SELECT c.id FROM contacts c WHERE c.workspace_id = :workspace AND c.person = v.person)
                 ) AS earlier
          FROM {rows}) judged
    """


# People who were on the list before: the import that met them last is told.
_KNOWN = f"""
    UPDATE list_members SET import_id = :import, line = b.line
    FROM (SELECT line, (SELECT m.id FROM list_members m
                        WHERE m.list_id + 0 = :list AND m.contact_id =
                            (SELECT c.id FROM contacts c WHERE c.workspace_id = :workspace AND c.person = i.person)
                       ) AS member
          FROM import_batch i WHERE i.{_KEPT}) b
    WHERE list_members.id = b.member AND list_members.import_id <> :import
    """


async def keep_batch(
    tx: Tx, row: sa.Row[Any], *, cursor: int, percent: int, good: str, bad: str, bad_count: int
) -> dict[str, int]:
    """Store a batch of an import that `lock` gave, and move its cursor; how many rows got each verdict.

    `good` and `bad` are JSON arrays of arrays, as services/importing/judge.py orders them. One statement for
    each step, whatever the number of rows. A person's first row in the file wins: earlier batches are found by
    the list's members that this import put there.
    """
    name, values = tx.name, {"import": row.id, "list": row.list_id, "workspace": row.workspace_id}
    await tx.run(_JUDGED.format(rows=_GOOD.from_json(name)), {**values, "v_rows": good})
    await tx.run(
        upsert_sql(name, f"FROM import_batch WHERE {_KEPT} ORDER BY person"),
        {**values, "now": await tx.now()},
    )
    added = await tx.run(
        "INSERT INTO list_members (list_id, contact_id, import_id, line) SELECT :list, "
        "(SELECT c.id FROM contacts c WHERE c.workspace_id = :workspace AND c.person = b.person), :import, b.line "
        f"FROM import_batch b WHERE b.{_KEPT} ORDER BY b.line ON CONFLICT (list_id, contact_id) DO NOTHING",
        values,
    )
    found = await tx.all("SELECT verdict, count(*) AS n FROM import_batch GROUP BY verdict")
    counts = {str(each.verdict): int(each.n) for each in found}
    if added < counts.get("accepted", 0) + counts.get("corrected", 0):
        await tx.run(_KNOWN, values)
    await lists_store.count(tx, {row.list_id: added})
    await tx.run(
        "INSERT INTO import_rows (import_id, line, verdict, detail) "
        "SELECT :import, line, verdict, detail FROM import_batch WHERE verdict <> 'accepted'",
        values,
    )
    await tx.run("DROP TABLE import_batch")
    if bad_count:
        counts["invalid"] = bad_count
        await tx.run(
            "INSERT INTO import_rows (import_id, line, verdict, detail, raw) "
            f"SELECT :import, line, 'invalid', detail, raw FROM {_BAD.from_json(name)} WHERE true",
            {**values, "v_rows": bad},
        )
    await tx.run(
        sa.update(imports)
        .where(imports.c.id == row.id)
        .values(
            {
                "cursor": cursor,
                "percent": percent,
                "tries": 0,
                **{verdict: imports.c[verdict] + n for verdict, n in counts.items()},
            }
        )
    )
    return counts


# --- saved mappings, and what a campaign needs --------------------------------------------------------------


async def save_mapping(tx: Tx, workspace_id: int, name: str, mapping: Mapping[str, str]) -> None:
    """Keep a mapping under a name; an old one of that name is replaced."""
    await tx.run(sa.delete(mappings).where(mappings.c.workspace_id == workspace_id, mappings.c.name == name))
    await tx.run(
        sa.insert(mappings).values(
            workspace_id=workspace_id, name=name, mapping=dict(mapping), created_at=await tx.now()
        )
    )


async def saved_mapping(tx: Tx, workspace_id: int, name: str) -> dict[str, str]:
    """The mapping kept under the name. Raises NotFound."""
    found = await tx.scalar(
        sa.select(mappings.c.mapping).where(mappings.c.workspace_id == workspace_id, mappings.c.name == name)
    )
    if found is None:
        raise NotFound("mapping", name)
    return dict(found)


async def all_mappings(tx: Tx, workspace_id: int) -> Sequence[sa.Row[Any]]:
    """Every mapping's `name`, `mapping` and `created_at`, by name."""
    return await tx.all(
        sa.select(mappings.c.name, mappings.c.mapping, mappings.c.created_at)
        .where(mappings.c.workspace_id == workspace_id)
        .order_by(mappings.c.name)
    )


async def drop_mapping(tx: Tx, workspace_id: int, name: str) -> bool:
    """Forget a mapping; True if it was there."""
    gone = await tx.run(
        sa.delete(mappings).where(mappings.c.workspace_id == workspace_id, mappings.c.name == name)
    )
    return gone > 0


async def needed_by_id(tx: Tx, workspace_id: int, campaign_id: int) -> list[str]:
    """The attributes that must not be blank for the campaign. Raises NotFound."""
    found = await tx.scalar(
        sa.select(campaigns.c.required).where(
            campaigns.c.workspace_id == workspace_id, campaigns.c.id == campaign_id
        )
    )
    if found is None:
        raise NotFound("campaign", campaign_id)
    return list(found)


async def needed_by(tx: Tx, workspace_id: int, campaign: str) -> list[str]:
    """The attributes that must not be blank for the campaign of that name. Raises NotFound."""
    found = await tx.scalar(
        sa.select(campaigns.c.required).where(
            campaigns.c.workspace_id == workspace_id, campaigns.c.name == campaign
        )
    )
    if found is None:
        raise NotFound("campaign", campaign)
    return list(found)
