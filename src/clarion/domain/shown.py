"""How ids and instants are written for the outside, by the API and in webhooks."""

from datetime import UTC, datetime

PREFIXES = {
    "workspace": "wsp",
    "user": "usr",
    "session": "ses",
    "invitation": "inv",
    "API key": "key",
    "contact": "con",
    "list": "lst",
    "upload": "upl",
    "import": "imp",
    "sender": "snd",
    "template": "tpl",
    "campaign": "cmp",
    "message": "msg",
    "journey": "jrn",
    "run": "run",
    "position": "pos",
    "conversation": "cnv",
    "reply": "rpl",
    "handoff": "hnd",
    "webhook": "whk",
    "delivery": "dlv",
    "notice": "ntc",
    "audit entry": "aud",
}
"""What stands before the number of each kind of thing."""


def show_id(kind: str, number: int) -> str:
    """`cmp_42`."""
    return f"{PREFIXES[kind]}_{number}"


def show_time(at: int) -> str | None:
    """Microseconds since 1970 as RFC 3339 in UTC; None for 0, which means never."""
    if not at:
        return None
    shown = datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{shown}.{at % 1_000_000 // 1_000:03}Z"
