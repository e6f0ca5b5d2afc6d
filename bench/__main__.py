"""Measure the budgets and write bench/RESULTS.md: every figure a ratio or a comparison taken in one run."""

import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench import bench_import, dropin, intake, journeys, launch, pace, reads, throughput
from bench.lab import database

RESULTS = Path(__file__).with_name("RESULTS.md")
RATES = (60, 80, 250, 1_000)
PEOPLE = 1_000_000


def main() -> None:
    """Everything, or only the parts named on the command line; the other parts of the results stay as they are."""
    parts = {
        "pace": _pace,
        "throughput": _throughput,
        "launch": _launch,
        "import": _import,
        "journeys": _journeys,
        "intake": _intake,
        "reads": _reads,
        "dropin": _dropin,
    }
    chosen = sys.argv[1:] or list(parts)
    for name in chosen:
        print(f"measuring {name} ...", flush=True)
        section = f"{parts[name]()}\n\n{_when()}"
        print(section, flush=True)
        _keep(section)
    print(f"written to {RESULTS}")


def _keep(section: str) -> None:
    """Put a section in place of the one with its title, before what is not met yet."""
    held = RESULTS.read_text().rstrip("\n").split("\n\n## ")[1:] if RESULTS.exists() else []
    title = section.partition("\n")[0].removeprefix("## ")
    kept = {each.partition("\n")[0]: f"## {each}" for each in held}
    last = kept.pop(LAST, "")
    kept[title] = section
    RESULTS.write_text("\n\n".join([HEAD, *kept.values(), *([last] if last else [])]) + "\n")


HEAD = (
    "# Results\n\n"
    "Written by `make bench`. Everything runs on one machine: simulator, servers, database and the measuring process. "
    "Trust the ratios; absolute figures move with the machine, which stands below each part."
)
LAST = "What is not met yet"
"""The section that people write."""


def _when() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        f"load average {os.getloadavg()[0]:.1f}."
    )


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _pace() -> str:
    rows = []
    for kind, workers in (("sqlite", 1), ("postgresql", 1), ("postgresql", 4)):
        for rate in RATES:
            seen = pace.measure(kind, rate, workers=workers)
            rows.append(
                (
                    kind,
                    workers,
                    rate,
                    seen["messages"],
                    f"{seen['mean']:.2f}",
                    f"{seen['ratio']:.4f}",
                    seen["max_1s"],
                    seen["throttled"],
                    seen["duplicates"],
                )
            )
    header = (
        "database",
        "workers",
        "set/s",
        "messages",
        "mean/s",
        "mean/set",
        "most in 1 s",
        "throttled",
        "doubled",
    )
    return (
        "## Pace\n\nLatency 100-500 ms, receipts on, a simulator that enforces exactly the set rate. "
        "Budget: mean/set 0.99-1.01, most in 1 s at most set + 1, throttled 0.\n\n" + _table(header, rows)
    )


def _throughput() -> str:
    count = 20_000
    alone = [throughput.baseline(count)]
    rows = []
    for kind in ("sqlite", "postgresql"):
        seen = throughput.durable(kind, count)
        alone.append(throughput.baseline(count))
        base = statistics.mean(each["per_second"] for each in alone[-2:])
        cpu = statistics.mean(each["cpu_ms"] for each in alone[-2:])
        rows.append(
            (
                kind,
                count,
                f"{base:.0f}",
                f"{seen['per_second']:.0f}",
                f"{seen['per_second'] / base:.2f}",
                f"{cpu:.3f}",
                f"{seen['cpu_ms']:.3f}",
                f"{seen['memory_mb']:.0f}",
                seen["duplicates"],
            )
        )
    header = (
        "database",
        "messages",
        "client/s",
        "Clarion/s",
        "ratio",
        "client ms",
        "Clarion ms",
        "MB",
        "doubled",
    )
    return (
        "## Throughput\n\nRate unlimited, one process, durable end to end, against the same HTTP client posting the "
        "same bodies with no database, before and after. ms: CPU of the serving process per message. "
        "Budget: ratio at least 0.60, at most 0.35 ms.\n\n" + _table(header, rows)
    )


def _launch() -> str:
    rows = []
    for kind, people in (("sqlite", 100_000), ("postgresql", 100_000), ("postgresql", 1_000_000)):
        seen = launch.measure(kind, people)
        rows.append(
            (
                kind,
                f"{people:,}",
                f"{seen['call_s']:.2f}",
                f"{seen['first_s']:.2f}",
                f"{seen['written_s']:.1f}",
                f"{seen['memory_mb']:.0f}",
            )
        )
    header = ("database", "people", "launch call s", "first at provider s", "all written s", "MB")
    return (
        "## Launch\n\nFrom stored contacts, while the campaign already sends at 60/s. "
        "Budget: 1,000,000 in less than 60 s on PostgreSQL, the first message in less than 2 s.\n\n"
        + _table(header, rows)
    )


def _import() -> str:
    rows = []
    for kind in ("sqlite", "postgresql"):
        with database(kind) as url:
            # A process of its own: its memory is the figure, and ours is full of the other measurements.
            command = [sys.executable, "-m", "bench.bench_import", "--rows", str(PEOPLE), "--url", url]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seen = bench_import.Figures(**json.loads(printed))
        rows.append(
            (
                kind,
                f"{seen.rows:,}",
                f"{seen.megabytes:.0f}",
                f"{seen.rows_per_second:,.0f}",
                f"{seen.ratio:.3f}",
                f"{seen.peak_rss_megabytes:.0f}",
            )
        )
    header = ("database", "rows", "file MB", "rows/s", "of the csv module alone", "peak MB")
    return (
        "## Import\n\nA CSV of mixed spellings, repeats and useless rows, every phone number parsed. "
        "Budget: at least 20,000 rows/s on PostgreSQL, below 200 MB.\n\n" + _table(header, rows)
    )


def _journeys() -> str:
    seen = journeys.waiting(PEOPLE)
    rows = [
        (
            f"{seen['people']:,}",
            f"{seen['idle_share_of_a_core']:.2%}",
            f"{seen['idle_memory_growth_mb']:.2f}",
            f"{seen['memory_mb']:.0f}",
            f"{seen['share_of_a_core']:.2f}",
            f"{seen['answered']:,} of {seen['replies']:,}",
            f"{seen['advanced_p50_ms']:.0f} / {seen['advanced_p99_ms']:.0f}",
            f"{seen['handed_p50_ms']:.0f} / {seen['handed_p99_ms']:.0f}",
        )
    ]
    header = (
        "people",
        "idle, of a core",
        "growth in 30 s, MB",
        "MB",
        "busy, of a core",
        "answered",
        "stored to moved, p50 / p99 ms",
        "webhook to provider, p50 / p99 ms",
    )
    starts = [journeys.start(kind, 100_000) for kind in ("sqlite", "postgresql")]
    started = [
        (each["database"], f"{each['people']:,}", each["entered_s"], each["first_messages_queued_s"])
        for each in starts
    ]
    return (
        "## Journeys\n\nPostgreSQL, one process, people waiting for an answer with a timer each: first idle, then with "
        "200 answers per second, each in a webhook of its own. Budget: idle below 2 % of a core, memory level, "
        "p99 below 200 ms.\n\n"
        + _table(header, rows)
        + "\n\nA run started over stored contacts. Budget: 100,000 in less than 20 s.\n\n"
        + _table(("database", "people", "all in s", "all first messages queued s"), started)
    )


def _intake() -> str:
    rows = []
    for kind in ("sqlite", "postgresql"):
        seen = intake.measure(kind)
        rows.append(
            (
                kind,
                f"{seen['single_per_s']:,}",
                f"{seen['single_p50_ms']:.0f} / {seen['single_p99_ms']:.0f}",
                f"{seen['batched_per_s']:,}",
                f"{seen['batched_p50_ms']:.0f} / {seen['batched_p99_ms']:.0f}",
                f"{seen['stored']:,} of {seen['events']:,}",
            )
        )
    header = (
        "database",
        "one event each, events/s",
        "at 1,000/s, p50 / p99 ms",
        "500 events each, events/s",
        "at 10,000/s, p50 / p99 ms",
        "stored",
    )
    return (
        "## Webhook intake\n\nStatus events of real messages, signed, stored for good before the answer, while "
        "their lane reads them in the same process. Budget: 2,000/s one by one, 20,000/s in batches, p99 "
        "below 250 ms at half of that.\n\n" + _table(header, rows)
    )


def _reads() -> str:
    rows = [
        (each["database"], each["read"], each["p50_ms"], each["p99_ms"])
        for kind in ("sqlite", "postgresql")
        for each in reads.measure(kind, people=PEOPLE)
    ]
    return (
        f"## Reads\n\nThe API over {PEOPLE:,} contacts and a campaign's {PEOPLE:,} messages, one in a hundred "
        "failed; 50 requests per second of all kinds together. Budget: p99 below 50 ms.\n\n"
        + _table(("database", "read", "p50 ms", "p99 ms"), rows)
    )


def _dropin() -> str:
    found = [dropin.measure(kind) for kind in ("sqlite", "postgresql")]
    return (
        "## The earlier platform's routes\n\n`POST /api/campaign/send` with 10,000 messages, ten times, each stored "
        "for good before the answer; then what the simulator's ledger holds of the last. Budget: answered in less than "
        "100 ms, each sent once.\n\n"
        + _table(tuple(name.replace("_", " ") for name in found[0]), [tuple(each.values()) for each in found])
    )


if __name__ == "__main__":
    main()
