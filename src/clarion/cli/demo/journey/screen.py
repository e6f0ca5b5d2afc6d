"""The run on the screen while it goes on: node by node on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.live import Live

from clarion.cli.base import console, json_wanted, say
from clarion.cli.journey_text import ENDED, line, stats_picture
from clarion.services.journeys.reports import RunStats

_PLAIN_EVERY = 5_000_000  # microseconds between two lines in a log

Tell = Callable[[RunStats], None]


@contextmanager
def on_screen() -> Iterator[Tell]:
    """Tells people of a run."""
    out = console(stderr=json_wanted())
    if not out.is_terminal:
        yield _lines()
        return
    with Live(console=out, refresh_per_second=8) as live:
        yield lambda stats: live.update(stats_picture(stats), refresh=True)


def _lines() -> Tell:
    told, over = 0, False

    def tell(stats: RunStats) -> None:
        nonlocal told, over
        ended = stats.run.status in ENDED
        if stats.at - told >= _PLAIN_EVERY or ended > over:
            told, over = stats.at, ended
            say(line(stats))

    return tell
