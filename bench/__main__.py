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

from bench import bench_import, launch, pace, throughput
from bench.lab import database

RESULTS = Path(__file__).with_name("RESULTS.md")
RATES = (60, 80, 250, 1_000)
PEOPLE = 1_000_000


def main() -> None:
    """Everything, or only the parts named on the command line: pace, throughput, launch, import."""
    chosen = sys.argv[1:] or ["pace", "throughput", "launch", "import"]
    parts = {"pace": _pace, "throughput": _throughput, "launch": _launch, "import": _import}
    sections = [_machine()]
    for name in chosen:
        print(f"measuring {name} ...", flush=True)
        sections.append(parts[name]())
        print(sections[-1], flush=True)
    if chosen == list(parts):
        RESULTS.write_text("\n\n".join(sections) + "\n")
        print(f"written to {RESULTS}")


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        "# Results\n\n"
        f"Measured {datetime.now(UTC):%Y-%m-%d} with `make bench` on {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; load average at the start {os.getloadavg()[0]:.1f}.\n"
        "Everything runs on this one machine: simulator, servers, database and the measuring process. "
        "Trust the ratios; absolute figures move with the machine."
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


if __name__ == "__main__":
    main()
