"""What `/metrics` looks up when it is asked: of the whole installation, in bounded time."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

import structlog

from clarion import __version__
from clarion.domain.pacing import Timeline, climb
from clarion.services.health import engine
from clarion.services.health.process import Process
from clarion.store.db import Database
from clarion.store.depths import Depth, Waiting

log = structlog.get_logger()

WITHIN = 2.0  # seconds

Values = list[tuple[tuple[str, ...], float]]


async def gauges(db: Database, process: Process, data_dir: Path) -> Mapping[str, Values]:
    """Values by name, each with its labels. Without the database, what this process knows by itself."""
    found: dict[str, Values] = {
        "clarion_info": [((__version__, db.name), 1)],
        "clarion_loop_lag_seconds": [((), process.loop.now)],
        "clarion_loop_lag_worst_seconds": [((), process.loop.worst)],
        "clarion_database_up": [((), 0)],
    }
    age = process.watching.age()
    if age is not None:
        found["clarion_sweep_age_seconds"] = [((), age)]
    try:
        found["clarion_disk_free_bytes"] = [((), shutil.disk_usage(data_dir).free)]
    except OSError as error:
        log.warning("metrics.incomplete", part="disk", error=type(error).__name__)
    try:
        async with asyncio.timeout(WITHIN):
            found |= await _stored(db, process)
    except Exception as error:  # noqa: BLE001  # a page without these is what tells that the database is away
        log.warning("metrics.incomplete", part="database", error=type(error).__name__)
    return found


async def _stored(db: Database, process: Process) -> dict[str, Values]:
    seen = await engine.look(db)
    workers = await engine.workers(db, process)
    found: dict[str, Values] = {
        "clarion_lane_due": [((kind,), depth.due) for kind, depth in seen.lanes.items()],
        "clarion_lane_oldest_seconds": [
            ((kind,), _age(seen.now, depth)) for kind, depth in seen.lanes.items()
        ],
        "clarion_doubts": [((), seen.doubts.due)],
        "clarion_workers": [((), len(workers))],
        "clarion_database_up": [((), 1)],
        "clarion_database_bytes": [((), await engine.database_size(db))],
    }
    senders = [((f"snd_{each.sender_id}", each.provider), each) for each in seen.senders]
    found["clarion_sender_rate"] = [(labels, each.rate) for labels, each in senders]
    found["clarion_sender_pace"] = [(labels, _pace(each, seen.now)) for labels, each in senders]
    found["clarion_sender_waiting"] = [(labels, each.depth.due) for labels, each in senders]
    found["clarion_sender_active"] = [(labels, float(each.state == "active")) for labels, each in senders]
    return found


def _age(now: int, depth: Depth) -> float:
    return max(0, now - depth.oldest_at) / 1_000_000 if depth.oldest_at else 0.0


def _pace(each: Waiting, now: int) -> float:
    line = Timeline(each.rate, each.pace, each.paced_at, each.throttled_at, each.free_at, each.hold_until)
    return climb(line, now=now).pace
