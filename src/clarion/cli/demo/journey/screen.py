"""The run on the screen while it goes on: a row for each node on a terminal, a line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from clarion.cli.base import console, figure, json_wanted, say
from clarion.cli.journey_text import ENDED, line
from clarion.services.journeys.reports import NodeStats, RunStats

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
        yield lambda stats: live.update(picture(stats), refresh=True)


def picture(stats: RunStats) -> RenderableType:
    """One line a node, so that the whole sample fits a small terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("node", no_wrap=True)
    for name in ("came", "here"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("left by", no_wrap=True, overflow="ellipsis", ratio=1)
    for node in stats.nodes:
        here = Text(figure(node.here), style="bold cyan" if node.here else "dim")
        table.add_row(node.name or node.node, figure(node.entered), here, Text(_ways(node), style="dim"))
    told = f"{figure(stats.entered)} entered, {figure(stats.under_way)} under way, {figure(stats.finished)} ended"
    return Group(Text(f"{stats.run.journey}: {told}", style="bold"), table)


def _ways(node: NodeStats) -> str:
    """What is more than a way straight on, most taken first."""
    ways = [*(node.left if len(node.left) > 1 else ()), *node.ended]
    taken = sorted((way for way in ways if way.n), key=lambda way: -way.n)
    return ", ".join(f"{figure(way.n)} {way.label}" for way in taken)


def _lines() -> Tell:
    told, over = 0, False

    def tell(stats: RunStats) -> None:
        nonlocal told, over
        ended = stats.run.status in ENDED
        if stats.at - told >= _PLAIN_EVERY or ended > over:
            told, over = stats.at, ended
            say(line(stats))

    return tell
