"""The settings of the people: who they are, what they do with a message, and how they answer which."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from clarion.sim.fields import Model, Recipient, Share, Span


class Reply(Model):
    """What a person answers: `text`, or a press of the message's button (or list row) number `button`.

    A message without that button is answered with `text`.
    """

    text: str = "Yes please"
    payload: str | None = Field(None, description="Send this button payload, whatever the message offered.")
    button: Annotated[int, Field(ge=0, le=9)] | None = None


class Answer(Reply):
    """One way to answer, and the share of the people asked who choose it."""

    share: Share = 1


class Conversation(Model):
    """How people answer messages of one kind. Patterns are regular expressions, searched in any case."""

    text: str = Field("", description="A pattern in the message; empty: any message.")
    said: str | None = Field(
        None, description="A pattern in what the person said last (the payload of a button); `^$`: nothing."
    )
    buttons: bool | None = Field(
        None, description="Only messages with buttons or a list, or only those without."
    )
    replies: tuple[Answer, ...] = Field(
        (), description="Their shares add up to 1 at most; the rest say nothing."
    )
    reply: Span | None = Field(None, description="As `people.reply`, which it replaces.")

    @field_validator("text", "said")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as problem:
            raise ValueError(f"not a regular expression: {problem}") from None
        return pattern

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        total = sum(each.share for each in self.replies)
        if total > 1 + 1e-9:
            raise ValueError(f"the shares add up to {total:g}, but a person answers a message at most once")
        return self

    @cached_property
    def _text(self) -> re.Pattern[str]:
        return re.compile(self.text, re.IGNORECASE)

    @cached_property
    def _said(self) -> re.Pattern[str]:
        return re.compile(self.said or "", re.IGNORECASE)

    def fits(self, text: str, buttons: bool, said: str) -> bool:
        """Whether a message of that text, with or without buttons, is answered so by one who said that last."""
        return (
            self.buttons in (None, buttons)
            and self._text.search(text) is not None
            and self._said.search(said) is not None
        )


class People(Model):
    """Who the recipients are and what they do."""

    bad_share: Share = Field(
        0, description="Numbers that cannot be reached (WhatsApp 131026, Twilio 30005, 63024)."
    )
    bad: frozenset[Recipient] = Field(frozenset(), description="Numbers that cannot be reached, by name.")
    opted_out_share: Share = Field(
        0, description="People who said stop (131050 for marketing, Twilio 21610, 63033)."
    )
    opted_out: frozenset[Recipient] = Field(frozenset(), description="People who said stop, by name.")
    refuse: dict[Recipient, int] = Field({}, description="Error code in the HTTP answer, by recipient.")
    fail: dict[Recipient, int] = Field({}, description="Accepted, then failed with this code, by recipient.")
    read_share: Share = Field(0.6, description="Of those delivered.")
    reply_share: Share = Field(0, description="Of those delivered.")
    reply: Span = Field(
        Span(low_ms=1_000, high_ms=10_000), description="From reading (else delivery) to the reply."
    )
    replies: tuple[Reply, ...] = Field(
        (Reply(),), min_length=1, description="One of these is drawn for each reply."
    )
    conversations: tuple[Conversation, ...] = Field(
        (),
        description="How which message is answered; the first that fits decides, else `reply_share` and `replies`.",
    )
    quote_share: Share = Field(
        1, description="Of the written replies, those that quote the message; a pressed button always does."
    )
    twice_share: Share = Field(0, description="Of those who answer, those who say or press the same again.")
    twice: Span = Field(Span(low_ms=100, high_ms=600), description="Between the two.")
    repeated_share: Share = Field(0, description="Replies whose webhook is posted twice, with the same id.")
