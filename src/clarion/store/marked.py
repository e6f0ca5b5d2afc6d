"""Messages of a campaign that were marked for sending, apart from those that were not: what a change must keep."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from clarion.store import dialect
from clarion.store.audience import WHITE
from clarion.store.db import Tx

_CONTENTS = dialect.Rows({"id": "int", "content": "json"})
_MARKED = "state IN ('sending', 'unknown')"


async def keep_policy(tx: Tx, campaign_id: int, policy: str) -> None:
    """Those on their way or in doubt keep this policy, whatever the campaign says from now on."""
    await tx.run(
        f"UPDATE outbox SET policy = :policy WHERE campaign_id = :campaign AND {_MARKED} AND policy = ''",
        {"policy": policy, "campaign": campaign_id},
    )


async def without_content(tx: Tx, campaign_id: int) -> Sequence[tuple[int, dict[str, Any]]]:
    """Id and variables of those on their way or in doubt that say what their campaign says."""
    rows = await tx.all(
        "SELECT m.id, m.variables FROM outbox o JOIN messages m ON m.id = o.message_id "
        f"WHERE o.campaign_id = :campaign AND o.{_MARKED} AND m.content IS NULL ORDER BY m.id",
        {"campaign": campaign_id},
    )
    return [(row.id, dialect.json_value(row.variables) or {}) for row in rows]


async def keep_contents(tx: Tx, contents: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Give messages contents of their own, already filled in."""
    if contents:
        rows = [[ident, orjson.dumps(content).decode()] for ident, content in contents]
        await tx.run(
            f"UPDATE messages SET content = v.content FROM {_CONTENTS.sql(tx.name)} WHERE messages.id = v.id",
            _CONTENTS.params(tx.name, rows),
        )


async def lacking(tx: Tx, campaign_id: int, variable: str) -> int:
    """How many who wait for their message have nothing in an attribute."""
    value = dialect.attribute(tx.name, "m.variables", variable)
    return int(
        await tx.scalar(
            "SELECT count(*) FROM outbox o JOIN messages m ON m.id = o.message_id "
            "WHERE o.campaign_id = :campaign AND o.state IN ('queued', 'leased') "
            f"AND coalesce(trim({value}, :white), '') = ''",
            {"campaign": campaign_id, "white": WHITE},
        )
    )
