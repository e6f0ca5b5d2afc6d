"""Count every list's members once, for the counter that moves with them from now on.

Safe beside the previous release, whose additions are not counted: count again by running the statement below.
Size: reads `list_members` once, about a second for ten million members; writes one row for each list.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

COUNT = "UPDATE lists SET members = (SELECT count(*) FROM list_members m WHERE m.list_id = lists.id)"


def upgrade() -> None:
    op.execute(COUNT)
