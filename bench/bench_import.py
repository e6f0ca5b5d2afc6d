"""Import: rows per second and memory for a large CSV, on the database of a URL.

    python -m bench.bench_import [--rows 1000000] [--url postgresql://...] (default: a fresh SQLite file)

The budget: at least 20,000 rows/s on PostgreSQL in constant memory below 200 MB, for both processes together.
"""

import argparse
import asyncio
import csv
import json
import random
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from clarion.services.importing.run import run_import
from clarion.services.importing.start import start_import
from clarion.store import migrate
from clarion.store.db import Database

_NAMES = ("Ana", "João", "María", "Luís", "Zoë", "Bruna", "Caetano", "Íris")
_CITIES = ("Curitiba", "São Paulo", "Belém", "Florianópolis", "Maceió")


@dataclass(frozen=True, slots=True)
class Figures:
    """`ratio` is rows/s over rows/s of the same rows read with nothing but the csv module."""

    database: str
    rows: int
    megabytes: float
    seconds: float
    rows_per_second: float
    ratio: float
    peak_rss_megabytes: float
    accepted: int
    corrected: int
    duplicate: int
    invalid: int


def write_file(path: Path, rows: int, *, seed: int = 1) -> None:
    """A list as people keep them: spellings mixed, some repeated, some useless."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("nome;telefone;cidade;código;observação\n")
        for n in range(rows):
            area, local = chance.choice((11, 21, 31, 41, 48, 85)), 90_000_000 + chance.randrange(9_999_999)
            phone = (
                f"+55{area}9{local}"
                if n % 2
                else f"({area}) 9{local // 10_000}-{local % 10_000:04d}"
                if n % 50
                else "5.54199E+12"
            )
            name = f"{chance.choice(_NAMES)} {n}"
            file.write(f'{name};{phone};{chance.choice(_CITIES)};{n:07d};"cliente; desde {2000 + n % 25}"\n')


async def measure(url: str, path: Path, rows: int) -> Figures:
    """Import the file into a list of its own on a migrated database."""
    size, alone = await asyncio.to_thread(_csv_alone, path)
    db = await Database.open(url)
    peak = _Peak()
    started = time.perf_counter()
    try:
        with peak:
            import_id = await start_import(
                db,
                workspace=1,
                path=path,
                list_name=f"bench {time.time_ns()}",
                mapping={"phone": "telefone", "name": "nome"},
                country="BR",
                keep_rest=True,
            )
            result = await run_import(db, import_id)
        seconds = time.perf_counter() - started
    finally:
        await db.close()
    assert result.rows == rows, result
    return Figures(
        database=db.name,
        rows=rows,
        megabytes=round(size / 1e6, 1),
        seconds=round(seconds, 2),
        rows_per_second=round(rows / seconds),
        ratio=round(alone / seconds, 3),
        peak_rss_megabytes=round(peak.bytes / 1e6, 1),
        accepted=result.accepted,
        corrected=result.corrected,
        duplicate=result.duplicate,
        invalid=result.invalid,
    )


def _csv_alone(path: Path) -> tuple[int, float]:
    """The file's bytes, and the seconds the csv module alone needs for them."""
    started = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file, delimiter=";"):
            pass
    return path.stat().st_size, time.perf_counter() - started


class _Peak(threading.Thread):
    """The largest memory this process and its children held together, looked at ten times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._ended = threading.Event()

    def __enter__(self) -> "_Peak":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        me = psutil.Process()
        while not self._ended.wait(0.1):
            held = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.bytes = max(self.bytes, held)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
        url = options.url or f"sqlite:///{folder}/bench.db"
        migrate.upgrade(url)
        path = Path(folder) / "contacts.csv"
        write_file(path, options.rows)
        print(json.dumps(asdict(asyncio.run(measure(url, path, options.rows)))))


if __name__ == "__main__":
    main()
