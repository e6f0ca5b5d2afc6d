"""People who enter a journey one by one: by writing to us, from another journey, or sent in by a program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clarion.domain.journey.entry import entry_key
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import positions, runs


@dataclass(frozen=True, slots=True)
class Entrance:
    """What lets a person in. `trigger` tells two entries apart where a journey may be entered again and again.

    `parent`: the position and visit that wait for the end.
    """

    trigger: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    sender_id: int = 0
    parent: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Entered:
    """The position made, or (0) why the person may not enter."""

    position_id: int
    refusal: str = ""


async def let_in(tx: Tx, workspace: int, journey_id: int, contact_id: int, entrance: Entrance) -> Entered:
    """Put one person at the start of the journey's published version, unless its rules are against it."""
    row = await tx.first(
        "SELECT j.id, j.sender_id, j.version_id, g.graph FROM journeys j "
        "JOIN journey_versions g ON g.id = j.version_id WHERE j.id = :id AND j.workspace_id = :workspace",
        {"id": journey_id, "workspace": workspace},
    )
    if row is None:
        return Entered(0, "the journey is not published")
    graph = read_graph(dialect.json_value(row.graph))
    start = graph.by_id[graph.start]
    assert isinstance(start, Audience)
    run = await runs.open_run(tx, workspace, journey_id, row.version_id)
    if run.status == "stopped":
        return Entered(0, "its open run was stopped")
    where = positions.Entering(
        run_id=run.id,
        workspace_id=workspace,
        journey_id=journey_id,
        version_id=row.version_id,
        sender_id=entrance.sender_id or row.sender_id,
        node=graph.start,
        entry=entry_key(start.reentry, entrance.trigger),
    )
    made = await positions.enter(
        tx, where, [contact_id], variables=entrance.variables, parent=entrance.parent
    )
    if made:
        return Entered(made[0])
    return Entered(0, "they opted out, are in it already, or are in too many journeys at once")
