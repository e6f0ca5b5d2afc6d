"""The name of every event Clarion logs, with what it means. A name that is not here fails a test.

Names are noun.verb in the past. Fields are ids and numbers with their unit (`took_ms`), never addresses,
texts or tokens. The reference page is written from here by `make docs`.
"""

from collections.abc import Mapping
from types import MappingProxyType

EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "answer.unheeded": "A provider's answer asked to slow down or stop, and that could not be stored.",
        "attempt.broke": "An error of our own while a request was under way; its message is unknown.",
        "call.broke": "An error of our own while a journey's call was under way; its position is told.",
        "calls.not_stored": "The database did not take results of calls; it is asked again after `retry_s` seconds.",
        "calls.recovered": "Calls of a worker that is gone: made `again`, or their positions `told` that nobody knows.",
        "campaign.tripped": "Too many of a campaign's messages were refused, and it was paused.",
        "content.broke": "A message's content could not be made because of an error of our own; it failed.",
        "delivery.broke": "A webhook could not be sent because of an error of our own; it is tried again.",
        "delivery.not_stored": "What came of a webhook could not be stored; it is sent again.",
        "doubt.broke": "Looking into an unknown message failed; it is looked into again later.",
        "doubt.decided": "Somebody decided about an unknown message; `resolution` says what.",
        "doubt.requeued": "An unknown message is queued again; `absent` says whether it is proven not sent.",
        "doubt.settled": "What became of an unknown message was found out; `by` says how.",
        "engine.started": "This process sends: it has started its lanes.",
        "engine.stopped": "The lanes have ended; nothing of this process is under way.",
        "engine.stopping": "The lanes were told to end; requests under way may still finish.",
        "evidence.unavailable": "A provider could not be asked about an unknown message; it is asked again later.",
        "import.failed": "An import of an uploaded file ended early; the reason stands in it.",
        "inbox.batch_broke": "A batch of webhook events could not be read; they are read one by one instead.",
        "inbox.event_broke": "A webhook event could not be read; it is set aside with the reason.",
        "journal.line_unreadable": "A line of the outcome journal was cut short; it is set aside.",
        "journal.replayed": "Outcomes that waited in the journal are now in the database.",
        "journal.unwritable": "Neither database nor disk took outcomes; they are kept in memory until one does.",
        "lane.broke": "A lane's work failed; it is tried again after `retry_s` seconds.",
        "lane.unknown": "A lane was woken that this release has no work for.",
        "leases.recovered": "Messages of a worker that is gone: `returned` to the queue, `doubted` as unknown.",
        "library.logged": "A library said something; `library` names it and `message` holds its words.",
        "live.broke": "Looking for what live streams tell failed; it is tried again after `retry_s` seconds.",
        "live.unchecked": "It could not be checked whether somebody may still listen; their stream was ended.",
        "marks.lost": "The database did not confirm a group of marks; none of its messages is sent.",
        "metrics.incomplete": "A part of /metrics could not be looked up; the page is without it.",
        "outcomes.journaled": "The database did not take outcomes; they wait in the journal.",
        "request.broke": "An error of our own while a request was answered; nothing of it was stored.",
        "run.batch_broke": "A batch of positions could not be moved; they are moved one by one instead.",
        "run.event_unknown": "A position's event is of a kind this release does not know; it was dropped.",
        "run.finished": "Nobody is under way in a run any more.",
        "run.paused": "A run was paused; `draining` requests may still be on the wire.",
        "run.position_broke": "An error of our own while a position moved; after three it ends as failed.",
        "run.resumed": "A paused run goes on.",
        "run.started": "A run over an audience was started.",
        "run.stopped": "A run was stopped for good; `draining` requests may still be on the wire.",
        "sender.paused": "A provider refused something about the whole account, and the sender was paused.",
        "sender.slowed": "A provider asked for fewer messages; `pace` is the rate now, per second.",
        "setup.opened": "There is no user yet: standard output has a one-time link for the first one.",
        "subscription.disabled": "A webhook is told nothing more: it answered 410, or nothing arrived for five days.",
        "sweep.broke": "Looking for due work failed; the next sweep tries again.",
        "uploads.removed": "Uploaded files that were a week old were removed.",
        "user.made_first": "The first user was made from the settings.",
        "webhook.not_stored": "A webhook could not be stored and was answered with 503; the provider sends it again.",
        "webhook.refused": "A webhook whose signature proves no sender was answered with 403.",
        "webhook.unreadable": "A webhook with a good signature could not be read and was answered with 400.",
    }
)
