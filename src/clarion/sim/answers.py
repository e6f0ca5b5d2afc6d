"""How a person answers a message: pure, and fixed by the configuration, the message and its luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clarion.sim.faults import draws
from clarion.sim.fields import Span
from clarion.sim.habits import People, Reply

if TYPE_CHECKING:
    from clarion.sim.config import SimConfig

# Where in a reply's own draws each choice is found.
_QUOTE, _TWICE, _GAP, _REPEATED = range(4)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person sees, and what they said last to the same sender ("": nothing yet)."""

    text: str = ""
    buttons: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Writing:
    """A reply `at` seconds after the message was accepted; its webhook is posted `posts` times."""

    reply: Reply
    at: float
    quotes: bool = True
    posts: int = 1


def choose(people: People, asked: Asked, answers: float, which: float) -> tuple[Reply, Span] | None:
    """The reply to a message and how long it takes, for two draws in [0, 1); None for silence."""
    for conversation in people.conversations:
        if conversation.fits(asked.text, asked.buttons, asked.said):
            for reply in conversation.replies:
                if which < reply.share:
                    return reply, conversation.reply or people.reply
                which -= reply.share
            return None
    if answers >= people.reply_share:
        return None
    return people.replies[int(which * len(people.replies))], people.reply


def writings(config: SimConfig, key: tuple[object, ...], reply: Reply, at: float) -> tuple[Writing, ...]:
    """The reply as people and networks make it: quoting or not, said twice, posted twice.

    `key` names the message that is answered.
    """
    people = config.people
    luck = draws(config.seed, "reply", *key)
    pressed = reply.payload is not None or reply.button is not None
    quotes = pressed or luck[_QUOTE] < people.quote_share
    first = Writing(reply, at, quotes, 2 if luck[_REPEATED] < people.repeated_share else 1)
    if luck[_TWICE] >= people.twice_share:
        return (first,)
    return (first, Writing(reply, at + people.twice.seconds(luck[_GAP]), quotes))
