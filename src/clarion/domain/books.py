"""The balance sheet: what a campaign's counters say must be what its rows say, at every moment."""

from collections.abc import Mapping

from clarion.domain.message import IN_OUTBOX, Status

SETTLED = tuple(status for status in Status if status not in IN_OUTBOX)


def problems(
    name: str, counts: Mapping[str, int], in_outbox: Mapping[str, int], settled: Mapping[str, int]
) -> list[str]:
    """A sentence for each thing that does not balance in one campaign; [] when all does.

    `counts` are the counters, `in_outbox` the outbox rows by state, `settled` the messages by status without
    the queued ones (these are told by their outbox rows).
    """
    rows: dict[str, int] = {status: in_outbox.get(status, 0) for status in IN_OUTBOX}
    rows |= {status: settled.get(status, 0) for status in SETTLED}
    found = [
        f"{name}: the counter says {counts.get(status, 0):,} {status}, the rows say {n:,}."
        for status, n in rows.items()
        if counts.get(status, 0) != n
    ]
    total = sum(counts.get(status, 0) for status in Status)
    if total != counts.get("audience", 0):
        found.append(
            f"{name}: the statuses add up to {total:,}, the audience is {counts.get('audience', 0):,}."
        )
    strange = sorted({*in_outbox, *settled} - set(rows))
    found += [f"{name}: rows stand at {status!r}, which is no status." for status in strange]
    return found
