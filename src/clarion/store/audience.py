"""Whom a campaign writes to: the members of its lists, or people of the campaign it retries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clarion.domain.message import Status
from clarion.store import dialect
from clarion.store.db import Tx

WHITE = "".join(chr(n) for n in range(0x3001) if chr(n).isspace())
"""What a value may consist of and still be blank, in SQL as in domain/liquid.py."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A walk over numbered people: ids in (:after, :upto], each naming a contact.

    `branches` are SELECTs of `id` and `contact_id`; each can stop at its own LIMIT. `from_lists`: the ids are
    those of list_members, so lines and files can be told.
    """

    branches: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    from_lists: bool = True
    own: bool = False
    """Whether each row brings its `variables` and its `place` in a batch; else the contact's attributes count."""

    @property
    def several(self) -> bool:
        """Whether a contact may be met more than once."""
        return len(self.branches) > 1

    @property
    def rows(self) -> str:
        """All rows of the window, as the table `m`."""
        return f"({' UNION ALL '.join(self.branches)}) AS m"


def of_lists(lists: Sequence[int]) -> Audience:
    """The members of these lists, in the order they were added."""
    return Audience(
        tuple(
            f"SELECT id, contact_id FROM list_members WHERE list_id = :list{n} "
            "AND id > :after AND id <= :upto"
            for n in range(len(lists))
        ),
        {f"list{n}": list_id for n, list_id in enumerate(lists)},
    )


def of_nobody() -> Audience:
    """For a batch: its people are not known before they are written."""
    return Audience(
        ("SELECT id, contact_id FROM list_members WHERE 1 = 0 AND id > :after AND id <= :upto",), own=True
    )


def of_campaign(
    campaign_id: int, statuses: Collection[str], siblings: Sequence[int], *, own: bool = False
) -> Audience:
    """People of an earlier campaign whose message stands at one of `statuses`.

    Whoever was written to by one of the `siblings` (other retries of it) is left out: what failed there is
    retried from there. `own`: it was a batch, so each message is repeated with its own text.
    """
    kept = sorted(set(statuses) - {Status.UNKNOWN})
    wanted = [f"x.status IN ({', '.join(f':status{n}' for n in range(len(kept)))})"] if kept else []
    if Status.UNKNOWN in statuses:
        wanted.append("EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = x.id AND o.state = 'unknown')")
    known = ", ".join(f":sibling{n}" for n in range(len(siblings)))
    again = (
        f" AND NOT EXISTS (SELECT 1 FROM messages y WHERE y.campaign_id IN ({known}) "
        "AND y.contact_id = x.contact_id AND y.place = x.place AND y.status NOT IN ('cancelled', 'expired'))"
        if siblings
        else ""
    )
    return Audience(
        (
            f"SELECT x.id, x.contact_id{', x.variables, x.place' if own else ''} FROM messages x "
            "WHERE x.campaign_id = :retry_of "
            f"AND x.id > :after AND x.id <= :upto AND ({' OR '.join(wanted)}){again}",
        ),
        {
            "retry_of": campaign_id,
            **{f"status{n}": status for n, status in enumerate(kept)},
            **{f"sibling{n}": sibling for n, sibling in enumerate(siblings)},
        },
        from_lists=False,
        own=own,
    )


async def reach(tx: Tx, audience: Audience, *, after: int, bound: int, limit: int) -> tuple[int, int]:
    """The last id of the next `limit` rows and how many they are; (bound, 0) at the end."""
    branches = " UNION ALL ".join(
        f"SELECT id FROM ({branch} ORDER BY id LIMIT :limit) AS b{n}"
        for n, branch in enumerate(audience.branches)
    )
    row = await tx.first(
        f"SELECT max(id) AS upto, count(*) AS n FROM "
        f"(SELECT id FROM ({branches}) AS u ORDER BY id LIMIT :limit) AS page",
        {**audience.params, "after": after, "upto": bound, "limit": limit},
    )
    assert row is not None
    return (row.upto, row.n) if row.n else (bound, 0)


async def limits(tx: Tx, audience: Audience) -> tuple[int, int, int]:
    """One less than the first id, the last id that there is now, and how many rows; zeros for nobody."""
    row = await tx.first(
        f"SELECT min(m.id) AS first, max(m.id) AS last, count(*) AS n FROM {audience.rows}", whole(audience)
    )
    assert row is not None
    return (row.first - 1, row.last, row.n) if row.last else (0, 0, 0)


def blank(name: dialect.Name, variable: str) -> str:
    """Whether contact `c` has nothing but white space in an attribute; needs the parameter `white`."""
    return f"coalesce(trim({dialect.attribute(name, 'c.attributes', variable)}, :white), '') = ''"


def any_blank(name: dialect.Name, variables: Sequence[str]) -> str:
    return "(" + " OR ".join(blank(name, variable) for variable in variables) + ")"


def distinct(audience: Audience) -> str:
    """Each contact once, at its first place."""
    if not audience.several:
        return audience.rows
    return f"(SELECT min(m.id) AS id, m.contact_id FROM {audience.rows} GROUP BY m.contact_id) AS m"


def whole(audience: Audience) -> dict[str, Any]:
    return {**audience.params, "after": 0, "upto": 2**62}


STOPPED = """LEFT JOIN suppressions s ON s.workspace_id = c.workspace_id AND s.person = c.person
               AND (s.until = 0 OR s.until > :now)"""
