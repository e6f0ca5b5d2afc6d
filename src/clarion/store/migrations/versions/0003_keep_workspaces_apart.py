"""Have PostgreSQL itself keep workspaces apart (row-level security).

The API works as the role `clarion_workspace`, which owns no table and sees the rows of one workspace: the one
in the setting `clarion.workspace` of its transaction. The engine works as the owner and sees all. The role itself is
made, and given the tables that have a policy, after every upgrade (store/role.py). SQLite has nothing of the kind.

Safe beside the previous release, which works as the owner. Size: changes no row.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

OWN = (
    "api_keys audit audit_heads batches campaigns contacts conversations deliveries handoffs idempotency imports "
    "journeys lists mappings memberships messages news notices outbox positions replies runs senders "
    "subscriptions suppressions templates uploads"
).split()
"""Tables whose rows name their workspace."""

PARENTS = {
    "attempts": ("message_id", "messages"),
    "calls": ("position_id", "positions"),
    "campaign_counts": ("campaign_id", "campaigns"),
    "import_rows": ("import_id", "imports"),
    "journey_versions": ("journey_id", "journeys"),
    "list_members": ("list_id", "lists"),
    "node_counts": ("run_id", "runs"),
    "position_events": ("position_id", "positions"),
    "sender_minutes": ("sender_id", "senders"),
    "timelines": ("sender_id", "senders"),
    "timers": ("position_id", "positions"),
    "trails": ("position_id", "positions"),
}
"""Tables whose rows belong to a row of another table."""

# A query of its own is read once for a statement, and may bound an index scan.
MINE = "(SELECT cast(nullif(current_setting('clarion.workspace', true), '') AS bigint))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    _policy("workspaces", f"id = {MINE}")
    for table in OWN:
        _policy(table, f"workspace_id = {MINE}")
    for table, (column, parent) in PARENTS.items():
        # The parent's own policy decides which of its rows are seen.
        _policy(table, f"EXISTS (SELECT 1 FROM {parent} p WHERE p.id = {table}.{column})")


def _policy(table: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY one_workspace ON {table} USING ({condition}) WITH CHECK ({condition})")
