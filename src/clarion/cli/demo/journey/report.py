"""What `clarion demo --journey` found: figures for machines, a sheet for people."""

from typing import Any

from clarion.cli.base import figure
from clarion.cli.campaign_text import duration
from clarion.cli.demo.journey.acts import Played
from clarion.cli.demo.stage import Stage


def figures(played: Played, stage: Stage, *, database: str) -> dict[str, Any]:
    """The result as JSON shows it.

    `finished` and `waiting` are our own count of positions. `lost`, `doubled`, `early` (before their time),
    `misinformed` (with somebody else's data), `raced` (answers that came as the time ran out), `replies` and the
    latencies come from the simulator's ledger: milliseconds from the first POST of an answer's webhook to the
    arrival of the request that the answer led to.
    """
    stats, found = played.stats, played.judgement
    return {
        "runs": 1,
        "positions": stats.entered,
        "finished": stats.finished,
        "waiting": stats.under_way,
        "lost": found.lost,
        "doubled": found.doubled,
        "replies": played.sim["replied"],
        "reply_to_next_p50_ms": _rounded(found.gap(0.5)),
        "reply_to_next_p99_ms": _rounded(found.gap(0.99)),
        "answers": len(found.gaps),
        "early": found.early,
        "misinformed": found.misinformed,
        "raced": found.raced,
        "api_calls": played.shop.asked.total(),
        "messages": played.sim["accepted"],
        "duration_s": round(played.seconds, 3),
        "by_outcome": dict(stats.outcomes),
        "by_edge": {node.node: {way.label: way.n for way in node.left} for node in stats.nodes if node.left},
        "contacts": stage.options.contacts,
        "rate_set": stage.options.rate,
        "rate_max_1s": played.sim["rate_max_1s"],
        "throttled": played.sim["throttled"],
        "database": database,
        "provider": stage.options.provider,
        "books_ok": not played.books,
    }


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 2)


def sheet(played: Played, told: dict[str, Any]) -> str:
    """The same for people."""
    outcomes = ", ".join(f"{figure(n)} {name}" for name, n in told["by_outcome"].items())
    fast, slow = (told[f"reply_to_next_{name}_ms"] for name in ("p50", "p99"))
    lines = [
        ("people", f"{figure(told['positions'])} entered, {figure(told['finished'])} came to an end"),
        ("", outcomes),
        ("the shop's API", f"{figure(told['api_calls'])} calls for {figure(len(played.shop.asked))} people"),
        ("the ledger", f"{figure(told['messages'])} messages accepted, {figure(told['replies'])} replies"),
        ("lost", figure(told["lost"])),
        ("doubled", figure(told["doubled"])),
        (
            "answered in",
            f"{fast:g} ms (half of them), {slow:g} ms (99 of 100), from a reply's webhook to the next request"
            if fast is not None
            else "nobody answered",
        ),
        ("our books", "balanced" if told["books_ok"] else "NOT BALANCED"),
        ("took", duration(told["duration_s"])),
    ]
    text = "\n".join(f"  {name:<14} {value}" for name, value in lines)
    head = "The journey, judged by the simulator's own ledger"
    return "\n".join(["", head, text, *played.judgement.examples, *played.books])


def in_order(told: dict[str, Any]) -> bool:
    """Whether the promises were kept."""
    broken = ("lost", "doubled", "early", "misinformed", "waiting")
    return not any(told[name] for name in broken) and bool(told["books_ok"])
