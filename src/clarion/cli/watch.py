"""Watching a campaign: a live picture on a terminal, a line now and then elsewhere, JSON lines for machines."""

import asyncio
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.live import Live

from clarion.cli.base import console, json_wanted, print_json, say
from clarion.cli.campaign_text import Pace, ended, line, progress_json, screen
from clarion.domain.campaign import CampaignStatus
from clarion.services import campaigns
from clarion.services.campaigns import Progress
from clarion.store.campaigns import Campaign
from clarion.store.db import Database

_PLAIN_EVERY = 5_000_000  # microseconds between two lines in a log


Tell = Callable[[Progress, float], None]


async def watch(db: Database, campaign: Campaign, *, every: float = 1.0) -> Progress:
    """Show the campaign until nothing more will leave by itself, or `q` is pressed; the last look.

    `every`: seconds between two looks.
    """
    pace = Pace()
    with teller() as tell, _quit_key() as quitting:
        while True:
            progress = await campaigns.progress(db, campaign.id)
            tell(progress, pace.look(progress))
            if ended(progress) or progress.status is CampaignStatus.DRAFT or quitting.is_set():
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(quitting.wait(), every)
    if progress.status is CampaignStatus.DRAFT:
        say(f"It is a draft: clarion campaign launch {campaign.id}")
    return progress


@contextmanager
def teller(*, json: bool | None = None) -> Iterator[Tell]:
    """What shows each look: JSON lines, a picture that moves, or a plain line now and then."""
    if json_wanted() if json is None else json:
        yield lambda progress, rate: print_json(progress_json(progress, rate))
        return
    out = console(stderr=json_wanted())
    if not out.is_terminal:
        yield _lines()
        return
    with Live(console=out, refresh_per_second=8) as live:
        yield lambda progress, rate: live.update(screen(progress, rate, width=out.width), refresh=True)


def _lines() -> Tell:
    told = 0

    def tell(progress: Progress, rate: float) -> None:
        nonlocal told
        if ended(progress) or progress.at - told >= _PLAIN_EVERY:
            told = progress.at
            say(line(progress, rate))

    return tell


@contextmanager
def _quit_key() -> Iterator[asyncio.Event]:
    """An event that `q` sets, where there is a keyboard; the terminal is given back as it was."""
    pressed = asyncio.Event()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield pressed
        return
    keyboard, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard)

    def read() -> None:
        if sys.stdin.read(1).lower() == "q":
            pressed.set()

    loop.add_reader(keyboard, read)
    try:
        yield pressed
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
