"""Looking at an audience before launching: whom it reaches, what they lack, how their messages would read."""

from collections.abc import Sequence
from typing import Any

from clarion.store import dialect
from clarion.store.audience import STOPPED, WHITE, Audience, any_blank, blank, distinct, whole
from clarion.store.db import Tx


async def summary(tx: Tx, audience: Audience, workspace: int, required: Sequence[str]) -> Any:
    """`met` rows, and of the distinct `people`: `left_out` for a blank; `suppressed` of the others."""
    out = any_blank(tx.name, required) if required else "1 = 0"
    return await tx.first(
        f"""
        SELECT count(*) AS people,
               coalesce(sum(CASE WHEN {out} THEN 1 ELSE 0 END), 0) AS left_out,
               coalesce(sum(CASE WHEN s.person IS NOT NULL AND NOT ({out}) THEN 1 ELSE 0 END), 0)
                   AS suppressed,
               (SELECT count(*) FROM {audience.rows}) AS met
        FROM {distinct(audience)} JOIN contacts c ON c.id = m.contact_id {STOPPED}
        WHERE c.workspace_id = :workspace
        """,
        {
            **whole(audience),
            "workspace": workspace,
            "now": await tx.now(),
            **({"white": WHITE} if required else {}),
        },
    )


async def blanks(tx: Tx, audience: Audience, variables: Sequence[str]) -> dict[str, int]:
    """For each attribute, how many people have nothing in it."""
    if not variables:
        return {}
    sums = ", ".join(
        f"coalesce(sum(CASE WHEN {blank(tx.name, name)} THEN 1 ELSE 0 END), 0)" for name in variables
    )
    row = await tx.first(
        f"SELECT {sums} FROM {distinct(audience)} JOIN contacts c ON c.id = m.contact_id",
        {**whole(audience), "white": WHITE},
    )
    assert row is not None
    return dict(zip(variables, row, strict=True))


async def blank_places(tx: Tx, audience: Audience, variable: str, limit: int) -> Sequence[Any]:
    """The first people with nothing in `variable`; `line` and `file` are 0 and "" if not imported."""
    if not audience.from_lists:
        where, joins = "0 AS line, '' AS file", ""
    else:
        where = "lm.line, coalesce(i.name, '') AS file"
        joins = "JOIN list_members lm ON lm.id = m.id LEFT JOIN imports i ON i.id = lm.import_id"
    return await tx.all(
        f"SELECT {where}, c.address FROM {distinct(audience)} JOIN contacts c ON c.id = m.contact_id "
        f"{joins} WHERE {blank(tx.name, variable)} ORDER BY m.id LIMIT :limit",
        {**whole(audience), "white": WHITE, "limit": limit},
    )


async def sample(
    tx: Tx, audience: Audience, required: Sequence[str], limit: int, *, longest: Sequence[str] = ()
) -> Sequence[Any]:
    """Address and attributes of the first people who have all `required`.

    With `longest`: of those who have the most text in these attributes.
    """
    filled = " AND ".join(f"NOT {blank(tx.name, name)}" for name in required) or "1 = 1"
    lengths = " + ".join(
        f"length(coalesce({dialect.attribute(tx.name, 'c.attributes', n)}, ''))" for n in longest
    )
    rows = await tx.all(
        f"SELECT c.address, c.attributes FROM {distinct(audience)} JOIN contacts c ON c.id = m.contact_id "
        f"WHERE {filled} ORDER BY {f'{lengths} DESC, ' if longest else ''}m.id LIMIT :limit",
        {**whole(audience), "limit": limit, **({"white": WHITE} if required else {})},
    )
    return [(row.address, dialect.json_value(row.attributes) or {}) for row in rows]
