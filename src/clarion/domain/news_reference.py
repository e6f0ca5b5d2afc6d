"""The page docs/reference/webhook-events.md, made from the events themselves; `make docs` writes it."""

import json
from typing import Any

from clarion.domain.news import EVENTS, Event

_INTRODUCTION = """\
# Webhook events

<!-- Written by `make docs` from src/clarion/domain/news.py; change it there. -->

What a [webhook](../howto/react-to-replies.md) is told. Each event is one POST whose body is JSON:

- `type`: the name of the event, one of those below.
- `timestamp`: when it happened, RFC 3339 in UTC. What happens to one message is queued in the order it happened, and
  may still arrive in another: go by the timestamp.
- `data`: the fields below, always all of them. Ids are those of the API.

Names and fields are a promise: a later release adds events and fields, and changes nothing else. Ignore what you do not
know.

## How it is sent

By the [Standard Webhooks](https://www.standardwebhooks.com) specification, whose libraries verify it in most languages.

| Header | Holds |
|---|---|
| `webhook-id` | The delivery, such as `evt_0f6e3bd1c2a94c7f8e1d2a3b`: the same at every try, and when sent again. |
| `webhook-timestamp` | When this try was made, in whole seconds since 1970. Refuse what is over five minutes old. |
| `webhook-signature` | `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64. May hold several, see below. |

- **Answer** with any 2xx within 15 seconds; do slow work afterwards. Redirects are not followed.
- **At least once**: an event may arrive twice, after a crash of either side. Remember the `webhook-id` of what you
  have done.
- **Tries**: at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each a tenth more or less;
  later when a `Retry-After` asks for it (a day at most). Then the delivery has failed, and stays in the log for 30
  days: it can be sent again, by itself or with all others that failed.
- **New secret**: for a day, `webhook-signature` holds two, separated by a space: one by each secret. One must fit.
- **410 Gone** disables the webhook at once; five days without any success do too. A notice says so. Resume it to go on.
- **Paused** or disabled, a webhook is told nothing of what happens then. What was queued before waits.
- **New** webhooks are told of what happens from two seconds after they were made.
- **Erased** people are not told of: what was not passed on yet is dropped.
- One webhook has at most 8 requests open at a time from each process.

"""


def example(event: Event) -> dict[str, Any]:
    """The body of one such event."""
    return {"type": event.value, "timestamp": "2026-11-30T09:00:00.000Z", "data": EVENTS[event].example}


def page() -> str:
    """The reference page of events, in Markdown."""
    lines = [_INTRODUCTION + "## Events\n", "| Event | Meaning |", "|---|---|"]
    lines += [f"| [`{event}`](#{_anchor(event)}) | {told.meaning} |" for event, told in EVENTS.items()]
    for event, told in EVENTS.items():
        lines += ["", f"### {event}", "", told.meaning, "", "| Field | Holds |", "|---|---|"]
        lines += [f"| `{field.name}` | {field.meaning} |" for field in told.fields]
        lines += ["", "```json", json.dumps(example(event), indent=2, ensure_ascii=False), "```"]
    return "\n".join(lines) + "\n"


def _anchor(event: Event) -> str:
    """As GitHub makes it of the heading."""
    return event.replace(".", "")
