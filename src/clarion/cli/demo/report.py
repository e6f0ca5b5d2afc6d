"""The balance sheet: our books beside the simulator's ledger."""

from typing import Any

from clarion.cli.base import figure
from clarion.cli.campaign_text import duration, reached
from clarion.cli.demo.play import Played


def figures(played: Played, *, rate: float) -> dict[str, Any]:
    """The demo's result as JSON shows it.

    `contacts`: rows of the file; `messages`: people written to; `accepted`, `delivered`, `read`: how far they got,
    each including what lies beyond it. `duplicates`, `lost`, the rates, `throttled` and `duration_s` (from the
    first request to the last) come from the simulator's ledger.
    """
    statuses, stats, ledger = played.comparison.statuses, played.ledger.stats, played.ledger
    span = (stats["last_arrival"] or 0) - (stats["first_arrival"] or 0)
    imported = played.imported
    return {
        "contacts": imported.rows,
        "messages": sum(statuses.values()),
        "accepted": reached(statuses),
        "delivered": statuses["delivered"] + statuses["read"],
        "read": statuses["read"],
        "failed": statuses["failed"],
        "unknown": statuses["unknown"],
        "duplicates": ledger.duplicates,
        "lost": played.comparison.lost,
        "rate_set": rate,
        "rate_mean": stats["rate_mean"],
        "rate_max_1s": stats["rate_max_1s"],
        "throttled": stats["throttled"],
        "duration_s": round(span / 1e6, 3),
        "rows_accepted": imported.accepted,
        "rows_corrected": imported.corrected,
        "rows_duplicate": imported.duplicate,
        "rows_invalid": imported.invalid,
        "requests": stats["requests"],
        "ledger_accepted": sum(ledger.accepted.values()),
        "unknown_accepted": played.comparison.unknown_accepted,
        "unknown_not_held": played.comparison.unknown_not_held,
        "unresolved": played.progress.unresolved,
        "books_ok": not played.books,
        "wall_s": round(played.seconds, 1),
    }


def balance_sheet(played: Played, told: dict[str, Any]) -> str:
    """The same for people."""
    rows = f"{figure(told['contacts'])} rows of the file"
    repeats, broken = told["rows_duplicate"], told["rows_invalid"]
    statuses = ", ".join(f"{figure(n)} {status}" for status, n in sorted(played.comparison.statuses.items()))
    mean = f"{told['rate_mean']:.2f}" if told["rate_mean"] is not None else "-"
    limit = figure(told["rate_set"]) if told["rate_set"] else "no limit"
    lines = [
        (
            "people",
            f"{figure(told['messages'])} from {rows} ({repeats} repeats, {broken} without a usable number)",
        ),
        ("our books", statuses),
        ("", "every status counted from its rows: balanced" if told["books_ok"] else "NOT BALANCED"),
        ("the ledger", f"{figure(told['ledger_accepted'])} accepted in {figure(told['requests'])} requests"),
        ("duplicates", figure(told["duplicates"])),
        ("lost", figure(told["lost"])),
        ("rate", f"{mean} per second of {limit}; at most {told['rate_max_1s']} in any one second"),
        ("throttled", figure(told["throttled"])),
        ("took", duration(told["duration_s"])),
    ]
    sheet = "\n".join(f"  {name:<12} {value}" for name, value in lines)
    return "\n".join(["", "Balance sheet, ours and the simulator's own ledger", sheet, *played.books])


def in_order(told: dict[str, Any]) -> bool:
    """Whether the promises were kept: nothing doubled, nothing lost, the books balance."""
    return not (told["duplicates"] or told["lost"] or told["unknown_accepted"]) and bool(told["books_ok"])
