"""Every table, one metadata for both databases. Instants are microseconds since 1970, UTC; 0 means "never"."""

from clarion.store.tables.columns import metadata
from clarion.store.tables.hearing import inbox, notices, replies, workers
from clarion.store.tables.journeys import (
    calls,
    handoffs,
    journey_versions,
    journeys,
    node_counts,
    position_events,
    positions,
    runs,
    timers,
    trails,
)
from clarion.store.tables.people import (
    contacts,
    import_rows,
    imports,
    list_members,
    lists,
    mappings,
    suppressions,
)
from clarion.store.tables.senders import senders, templates, timelines, workspaces
from clarion.store.tables.sending import attempts, campaign_counts, campaigns, messages, outbox

__all__ = [
    "attempts",
    "calls",
    "campaign_counts",
    "campaigns",
    "contacts",
    "handoffs",
    "import_rows",
    "imports",
    "inbox",
    "journey_versions",
    "journeys",
    "list_members",
    "lists",
    "mappings",
    "messages",
    "metadata",
    "node_counts",
    "notices",
    "outbox",
    "position_events",
    "positions",
    "replies",
    "runs",
    "senders",
    "suppressions",
    "templates",
    "timelines",
    "timers",
    "trails",
    "workers",
    "workspaces",
]
