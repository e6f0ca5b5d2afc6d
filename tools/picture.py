"""Writes docs/images/demo.svg: the terminal during `clarion demo`, drawn by the very code that draws it there.

The numbers are those of a recorded run. A test fails when the picture is stale; run this file to make it anew.
"""

import io
from pathlib import Path

from rich.console import Console

from clarion.cli.campaign_text import screen
from clarion.domain.campaign import CampaignStatus
from clarion.domain.message import Status
from clarion.services.campaigns import Failure, Progress

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "demo.svg"

_BEFORE = """\
$ make demo
Importing customers.csv, 2,087 rows as messy as real ones ...
  1,953 accepted, 25 corrected, 67 duplicate, 42 invalid, 0 opted out
Sender whatsapp at the simulator, 60 messages per second; 7 templates fetched.
Campaign 1 (Order updates): 1,978 messages to 1,978 people.
Sending takes 33 s at the sender's rate.
"""
