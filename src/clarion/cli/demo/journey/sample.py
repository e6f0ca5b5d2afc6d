"""The sample journey, its people's manners, and what their shop knows about them."""

import json
from importlib import resources
from typing import Any

from clarion.sim.catalogue import CONTENTS

ADDRESS = "http://127.0.0.1:8099"
"""Where the file has the shop's API; the demo puts its own there."""

TIERS = ("standard", "silver", "gold")

TIMEOUT = 30.0
"""Seconds the sample waits for an answer."""
BREATH = 3.0
"""Seconds between the booking and its details."""

PEOPLE: dict[str, Any] = {
    "reply": {"low_ms": 4_000, "high_ms": 20_000},
    "quote_share": 0.3,
    "twice_share": 0.1,
    "repeated_share": 0.05,
    "conversations": [
        {
            "text": "is monday morning fine",
            "replies": [
                {"button": 0, "share": 0.4},
                {"button": 1, "share": 0.15},
                {"text": "Better on the 14th", "share": 0.12},
                {"text": "Please call me", "share": 0.08},
                {"text": "Who is this?", "share": 0.1},
            ],
        },
        {
            "text": "which day of the month",
            "said": "VISIT_NO",
            "replies": [{"text": "The 21st", "share": 0.7}, {"text": "I do not know yet", "share": 0.1}],
        },
        {"text": ""},
    ],
}
"""How the simulator's people take part: 85 of 100 answer, 4 to 20 s after reading; one in ten does so twice."""


def tier(phone: str) -> str:
    """What the shop's API says about a customer."""
    return TIERS[int(phone[-1]) % len(TIERS)]


def graph(*, sender: str, api: str = ADDRESS, provider: str = "whatsapp") -> dict[str, Any]:
    """The sample journey for a sender and the address of the shop's API."""
    text = resources.files("clarion.cli.demo").joinpath("sample_journey.json").read_text("utf-8")
    read: dict[str, Any] = json.loads(text.replace(ADDRESS, api))
    read["sender"] = sender
    if provider == "twilio":
        for node in read["nodes"]:
            if node.get("content", {}).get("type") == "template":
                _for_twilio(node["content"])
    return read


def _for_twilio(template: dict[str, Any]) -> None:
    """Twilio knows a template by its id, and its buttons' payloads are part of it."""
    template["name"] = next(each.sid for each in CONTENTS if each.friendly_name == template["name"])
    del template["language"]
    template.pop("buttons", None)
