"""Watching a campaign: a live picture on a terminal, a line now and then elsewhere, JSON lines for machines."""

import asyncio
import sys
import termios
import tty
from collections.abc import Awaitable, Callable, Iterator
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


LEFT = "Left. The campaign goes on; `clarion campaign pause` holds it."

Tell = Callable[[Progress, float], None]


async def watch(db: Database, campaign: Campaign, *, every: float = 1.0) -> Progress:
    """Show the campaign until nothing more will leave by itself, or `q` is pressed; the last look.

    `every`: seconds between two looks.
    """
    with _json_lines() if json_wanted() else on_screen() as tell, quit_key() as quitting:

        async def done(progress: Progress) -> bool:
            over = ended(progress) or progress.status is CampaignStatus.DRAFT
            return over or quitting.is_set()

        progress = await follow(db, campaign.id, tell, done, rest=lambda: pressed(quitting, every))
    if quitting.is_set():
        say(LEFT)
    if progress.status is CampaignStatus.DRAFT:
        say(f"It is a draft: clarion campaign launch {campaign.id}")
    return progress


async def follow(
    db: Database,
    campaign_id: int,
    tell: Tell,
    done: Callable[[Progress], Awaitable[bool]],
    *,
    rest: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(1),
) -> Progress:
    """Look at a campaign, `tell` of it, until a look is `done`; that last look. `rest` is what lies between."""
    pace = Pace()
    while True:
        progress = await campaigns.progress(db, campaign_id)
        tell(progress, pace.look(progress))
        if await done(progress):
            return progress
        await rest()


async def pressed(key: asyncio.Event, seconds: float) -> None:
    """Wait until the key is pressed, at most `seconds`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(key.wait(), seconds)


@contextmanager
def _json_lines() -> Iterator[Tell]:
    yield lambda progress, rate: print_json(progress_json(progress, rate))


@contextmanager
def on_screen() -> Iterator[Tell]:
    """Tells people: a picture that moves on a terminal, a plain line now and then elsewhere."""
    out = console(stderr=json_wanted())
    if not out.is_terminal:
        yield _lines()
        return
    with Live(console=out, refresh_per_second=8) as live:
        yield lambda progress, rate: live.update(screen(progress, rate, width=out.width), refresh=True)


def _lines() -> Tell:
    told, over = 0, False

    def tell(progress: Progress, rate: float) -> None:
        nonlocal told, over
        if progress.at - told >= _PLAIN_EVERY or ended(progress) > over:
            told, over = progress.at, ended(progress)
            say(line(progress, rate))

    return tell


@contextmanager
def quit_key() -> Iterator[asyncio.Event]:
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
