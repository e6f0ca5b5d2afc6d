"""Writes docs/images/demo.svg: the terminal during `clarion demo`, drawn by the very code that draws it there.

The numbers are those of a recorded run with 1.2 % of people who cannot be reached. A test fails when the picture
is stale; run this file to make it anew.
"""

import io
import re
from pathlib import Path

from rich.console import Console

from clarion.cli.campaign_text import screen
from clarion.domain.campaign import CampaignStatus
from clarion.services.campaigns import Failure, Progress

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "demo.svg"
WIDTH = 104

_BEFORE = """\
$ make demo
Importing customers.csv, 2,087 rows as messy as real ones ...
  1,953 accepted, 25 corrected, 67 duplicate, 42 invalid, 0 opted out
Sender whatsapp at the simulator, 60 messages per second; 7 templates fetched.
Campaign 1 (Order updates): 1,978 messages to 1,978 people.
Sending takes 33 s at the sender's rate.
"""
_COUNTS = {
    "audience": 1978,
    "queued": 785,
    "leased": 45,
    "sending": 24,
    "accepted": 24,
    "sent": 36,
    "failed": 14,
    "delivered": 525,
    "read": 525,
}
_UNREACHABLE = "The person cannot be reached on WhatsApp: no account, an old app, or terms not accepted."


def picture() -> str:
    """The SVG. The same numbers give the same bytes."""
    console = Console(
        file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, markup=False, highlight=False
    )
    console.print(_BEFORE)
    console.print(screen(_recorded(), 59.6, width=WIDTH))
    svg = console.export_svg(title="clarion demo", unique_id="demo")
    # Rich would fetch a font from another host; the reader's own monospace font does.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def _recorded() -> Progress:
    return Progress(
        campaign_id=1,
        name="Order updates",
        status=CampaignStatus.RUNNING,
        shown="running",
        reason="",
        dry_run=False,
        counts=_COUNTS,
        audience=1978,
        expected=1978,
        done=1124,
        rate=60.0,
        pace=60.0,
        sender_state="active",
        sender_reason="",
        failures=(Failure("131026", _UNREACHABLE, 14),),
        unresolved=0,
        seconds_left=14.2,
        launched_at=1_795_372_735_000_000,
        finished_at=0,
        at=1_795_372_757_000_000,
    )


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
