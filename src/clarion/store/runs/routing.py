"""What routing needs to know about the people who wrote, for a whole batch of replies."""

from collections import defaultdict
from collections.abc import Sequence

from clarion.domain.journey.nodes.audience import Trigger
from clarion.domain.journey.routing import Door, Quoted, Routed, Standing
from clarion.store import dialect
from clarion.store.db import Tx

_PEOPLE = dialect.Rows({"workspace": "int", "person": "text"})
_QUOTES = dialect.Rows({"sender": "int", "provider": "text"})
_ROUTED = dialect.Rows({"id": "int", "route": "text", "position": "int", "why": "text"})


async def standing(tx: Tx, people: Sequence[tuple[int, str]]) -> dict[tuple[int, str], list[Standing]]:
    """The positions of these (workspace, person) that have not ended."""
    found: defaultdict[tuple[int, str], list[Standing]] = defaultdict(list)
    if people:
        rows = await tx.all(
            f"""
            SELECT p.id, p.workspace_id, p.person, p.sender_id, p.visit, p.answered, p.listens, p.moved_at, j.name,
                   EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = p.message_id
                           AND o.state IN ('queued', 'held', 'leased')) AS held_back
            FROM {_PEOPLE.sql(tx.name)} JOIN positions p ON p.workspace_id = v.workspace AND p.person = v.person
            JOIN journeys j ON j.id = p.journey_id
            WHERE p.outcome = ''
            """,
            _PEOPLE.params(tx.name, [list(each) for each in sorted(set(people))]),
        )
        for r in rows:
            found[r.workspace_id, r.person].append(
                Standing(
                    r.id,
                    r.name,
                    r.sender_id,
                    r.visit,
                    r.answered,
                    bool(r.listens),
                    bool(r.held_back),
                    r.moved_at,
                )
            )
    return found


async def quoted(tx: Tx, quotes: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Quoted]:
    """Messages of journeys among these (sender, provider's message id)."""
    asked = sorted({each for each in quotes if each[1]})
    if not asked:
        return {}
    rows = await tx.all(
        f"SELECT m.sender_id, m.provider_id, m.position_id, m.visit FROM {_QUOTES.sql(tx.name)} "
        "JOIN messages m ON m.provider_id = v.provider AND m.sender_id = v.sender WHERE m.run_id <> 0",
        _QUOTES.params(tx.name, [list(each) for each in asked]),
    )
    return {(r.sender_id, r.provider_id): Quoted(r.position_id, r.visit) for r in rows}


async def doors(tx: Tx, workspaces: Sequence[int]) -> dict[int, list[Door]]:
    """The journeys of these workspaces that may be entered by writing, oldest first."""
    found: defaultdict[int, list[Door]] = defaultdict(list)
    for workspace in sorted(set(workspaces)):
        rows = await tx.all(
            "SELECT id, name, sender_id, triggers FROM journeys WHERE workspace_id = :workspace AND version_id <> 0 "
            "ORDER BY id",
            {"workspace": workspace},
        )
        for r in rows:
            triggers = tuple(Trigger(**each) for each in dialect.json_value(r.triggers))
            if triggers:
                found[workspace].append(Door(r.id, r.name, r.sender_id, triggers))
    return found


async def keep(tx: Tx, routed: Sequence[tuple[int, Routed]]) -> None:
    """Write down where each reply (by its id) went, and why."""
    if routed:
        await tx.run(
            "UPDATE replies SET routed = v.route, position_id = v.position, why = v.why "
            f"FROM {_ROUTED.sql(tx.name)} WHERE replies.id = v.id",
            _ROUTED.params(
                tx.name, [[i, each.route.value, each.position_id, each.why] for i, each in routed]
            ),
        )
