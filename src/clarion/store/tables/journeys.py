"""Journeys: versions, runs, positions, and what is due for them."""

import sqlalchemy as sa

from clarion.store.dialect import Json
from clarion.store.tables.columns import flag, ident, metadata, number, text, time, to, workspace

journeys = sa.Table(
    "journeys",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("draft", Json, nullable=False),
    number("version_id"),  # the newest published one; 0: never published
    sa.Column("triggers", Json, nullable=False, server_default="[]"),  # of that version
    number("sender_id"),  # of that version: triggers are heard on it; 0: on every one
    time("created_at"),
    time("updated_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)

# Never changed: positions point here, and may do so for months.
journey_versions = sa.Table(
    "journey_versions",
    metadata,
    ident(),
    to("journey_id", "journeys"),
    number("number"),
    sa.Column("graph", Json, nullable=False),
    text("note"),
    time("published_at"),
    sa.UniqueConstraint("journey_id", "number"),
)

runs = sa.Table(
    "runs",
    metadata,
    ident(),
    workspace(),
    to("journey_id", "journeys"),
    to("version_id", "journey_versions"),
    text("name"),
    sa.Column("kind", sa.Text, nullable=False),  # audience: a start over lists; open: people enter one by one
    sa.Column("lists", Json, nullable=False, server_default="[]"),  # list ids
    sa.Column(
        "status", sa.Text, nullable=False, server_default="running"
    ),  # running, paused, stopped, finished
    text("status_reason"),
    number("cursor"),  # the last list_members.id looked at
    number("bound"),
    flag("expanded"),
    number("skipped"),  # people met who did not enter: filtered, opted out, or in it already
    time("created_at"),
    time("finished_at"),
    sa.Index("ix_runs_status", "status"),
    sa.Index("ix_runs_workspace", "workspace_id", "id"),
    sa.Index("ix_runs_finished", "workspace_id", "finished_at"),
    sa.Index("ix_runs_journey", "journey_id", "id"),
    sa.Index(
        "uq_runs_open",
        "version_id",
        unique=True,
        sqlite_where=sa.text("kind = 'open'"),
        postgresql_where=sa.text("kind = 'open'"),
    ),
)

# One person in one run. No foreign keys, as with messages. What changes at every step is in no index, so that
# PostgreSQL rewrites none.
positions = sa.Table(
    "positions",
    metadata,
    ident(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("journey_id", sa.BigInteger, nullable=False),
    sa.Column("version_id", sa.BigInteger, nullable=False),
    sa.Column("contact_id", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("entry", sa.Text, nullable=False),  # what may be there once: domain/journey/entry.py
    sa.Column("node", sa.Text, nullable=False),
    number("visit"),
    sa.Column("variables", Json, nullable=False, server_default="{}"),
    number("message_id"),  # the newest message, its visit, and the sender it left from
    number("message_visit"),
    number("sender_id"),
    number("answered"),  # the visit at which a reply was last used
    number("events"),
    flag("listens"),  # replies are meant for it
    number("awaits"),  # what it wants to hear of its newest message: bits of store/runs/told.py
    text("outcome"),  # "" while it is under way
    text("reason"),
    number("parent_id"),  # the position whose visit waits for this one to end
    number("parent_visit"),
    time("entered_at"),
    time("moved_at"),
    time("ended_at"),
    sa.UniqueConstraint("journey_id", "person", "entry"),
    sa.Index(None, "run_id", "id"),  # in the order in which a stopped or moved run is walked
    sa.Index(  # an end comes once, unlike a step
        "ix_positions_ended",
        "run_id",
        "outcome",
        "id",
        sqlite_where=sa.text("outcome <> ''"),
        postgresql_where=sa.text("outcome <> ''"),
    ),
    sa.Index(
        "ix_positions_person",
        "workspace_id",
        "person",
        sqlite_where=sa.text("outcome = ''"),
        postgresql_where=sa.text("outcome = ''"),
    ),
)

# What happened to positions and was not looked at yet; deleted in the transaction that uses it.
position_events = sa.Table(
    "position_events",
    metadata,
    ident(),
    sa.Column("position_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", Json, nullable=False, server_default="{}"),
    sa.Column(
        "rank", sa.SmallInteger, nullable=False, server_default="0"
    ),  # lower first: store/runs/events.py
    flag("held"),  # its run is paused
    number("tries"),
    time("at"),
    sa.Index(
        "ix_position_events_new",
        "rank",
        "id",
        sqlite_where=sa.text("NOT held"),
        postgresql_where=sa.text("NOT held"),
    ),
    sa.Index("ix_position_events_run", "run_id", "held"),
)

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("position_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("visit", sa.BigInteger, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),
    flag("held"),
    sa.Index(
        "ix_timers_due",
        "due_at",
        sqlite_where=sa.text("NOT held"),
        postgresql_where=sa.text("NOT held"),
    ),
)

calls = sa.Table(
    "calls",
    metadata,
    sa.Column("position_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("visit", sa.BigInteger, nullable=False),
    sa.Column("request", Json, nullable=False),  # domain/journey/effects.py: Call
    sa.Column("state", sa.Text, nullable=False, server_default="queued"),  # queued, calling
    flag("held"),
    number("attempts"),
    text("worker"),
    time("due_at"),
    time("until"),  # calling: how long we believe in the worker
    sa.Index(
        "ix_calls_due",
        "run_id",
        "due_at",
        sqlite_where=sa.text("state = 'queued' AND NOT held"),
        postgresql_where=sa.text("state = 'queued' AND NOT held"),
    ),
    sa.Index(
        "ix_calls_under_way",
        "until",
        sqlite_where=sa.text("state = 'calling'"),
        postgresql_where=sa.text("state = 'calling'"),
    ),
)

# How each person went: one row for each node left, and for each event that moved nothing and needs explaining.
trails = sa.Table(
    "trails",
    metadata,
    ident(),
    sa.Column("position_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("visit", sa.BigInteger, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    text("edge"),
    text("to_node"),
    text("outcome"),
    text("why"),
    sa.Column(
        "tried", Json, nullable=False, server_default="[]"
    ),  # [edge, taken, why] of each edge looked at
    number("reply_id"),
    time("at"),
)

# Moved in the transaction that moves the positions: entered minus left is who stands there.
node_counts = sa.Table(
    "node_counts",
    metadata,
    sa.Column("run_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("way", sa.Text, primary_key=True),  # in; out:<edge>; end:<outcome>
    number("n"),
    number("spent"),  # microseconds that those who left had been there, together
)

handoffs = sa.Table(
    "handoffs",
    metadata,
    ident(),
    workspace(),
    sa.Column("contact_id", sa.BigInteger, nullable=False),
    number("sender_id"),
    number("position_id"),
    number("visit"),
    flag("waits"),  # the position goes on when it is closed
    text("note"),
    text("state"),  # open, closed
    time("opened_at"),
    time("closed_at"),
    sa.UniqueConstraint("position_id", "visit"),
    sa.Index("ix_handoffs_state", "workspace_id", "state", "id"),
    sa.Index(
        "ix_handoffs_open",
        "contact_id",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)
