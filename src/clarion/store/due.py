"""Which lanes have due rows: the question the sweep asks, answered without walking any queue."""

from clarion.store import deliveries, dialect
from clarion.store.db import Tx
from clarion.store.outbox.recover import HELD


async def lanes(tx: Tx) -> list[str]:
    """Names of all lanes with work that is due, or will be without anybody saying so."""
    now = dialect.now_sql(tx.name)
    senders = await tx.all(
        """
        SELECT s.id FROM senders s WHERE s.state = 'active' AND (
          EXISTS (SELECT 1 FROM outbox o WHERE o.sender_id = s.id AND o.campaign_id = 0 AND o.state = 'queued')
          OR EXISTS (SELECT 1 FROM campaigns c JOIN campaign_counts k ON k.campaign_id = c.id
                     WHERE c.sender_id = s.id AND c.status = 'running' AND k.queued > 0))
        """
    )
    runs = await tx.all(
        "SELECT id FROM runs WHERE finished_at = 0 AND ((status = 'running' AND NOT expanded) OR status = 'stopped')"
    )
    stepping = await tx.scalar(
        "SELECT EXISTS (SELECT 1 FROM position_events WHERE NOT held) "
        f"OR EXISTS (SELECT 1 FROM timers WHERE NOT held AND due_at <= {now})"
    )
    calling = await tx.scalar(
        f"SELECT EXISTS (SELECT 1 FROM calls WHERE state = 'queued' AND NOT held AND due_at <= {now}) "
        f"OR EXISTS (SELECT 1 FROM calls WHERE state = 'calling' AND until <= {now})"
    )
    importing = await tx.all("SELECT id FROM imports WHERE status = 'running' AND upload_id <> 0")
    growing = await tx.all("SELECT id FROM campaigns WHERE status = 'running' AND NOT expanded")
    heard = await tx.scalar(
        f"SELECT EXISTS (SELECT 1 FROM inbox WHERE state IN ('new', 'orphan') AND kind <> 'reply' AND due_at <= {now})"
    )
    written = await tx.scalar(
        f"SELECT EXISTS (SELECT 1 FROM inbox WHERE state IN ('new', 'orphan') AND kind = 'reply' AND due_at <= {now})"
    )
    doubted = await tx.scalar(
        f"SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'unknown' AND {HELD} AND until <= {now})"
    )
    telling = await deliveries.any_due(tx)
    return [
        *(f"send:{row.id}" for row in senders),
        *(f"expand:{row.id}" for row in growing),
        *(f"run:{row.id}" for row in runs),
        *(f"import:{row.id}" for row in importing),
        *(["step"] if stepping else []),
        *(["call"] if calling else []),
        *(["inbox"] if heard else []),
        *(["replies"] if written else []),
        *(["doubts"] if doubted else []),
        *(["notify"] if telling else []),
    ]
