"""Contacts: people and what is known of them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from clarion.api.fields import Body, ContactId, ListId, Shown, Time, text

Phone = Annotated[str, text(60, least=1, examples=["+55 41 99123-4567"])]
"""A number in any spelling."""
Country = Annotated[str, text(2, examples=["BR"])]
"""Country of numbers without + and country code, as two letters; empty: none."""
Attributes = Annotated[
    dict[str, Annotated[str, text(10_000)] | None],
    Field(max_length=200, examples=[{"name": "Ana", "city": "Curitiba"}]),
]
Tags = Annotated[list[Annotated[str, text(100, least=1)]], Field(max_length=100, examples=[["vip"]])]
Lists = Annotated[list[ListId], Field(max_length=100)]


class Changes(Body):
    """What a contact shall be. Fields that are left out stay as they are."""

    attributes: Attributes = Field(default_factory=dict)
    """Put over those that are there; null removes one. `language` and `timezone` are attributes of these names too."""
    tags: Tags | None = None
    """All tags the contact shall have."""
    language: Annotated[str, text(35, examples=["pt_BR"])] | None = None
    """Empty: not known."""
    timezone: Annotated[str, text(60, examples=["America/Sao_Paulo"])] | None = None
    """As in the IANA database; empty: not known."""


class Upserted(Changes):
    """A contact to be added, or changed if there is one with this number."""

    lists: Lists = Field(default_factory=list)
    """Put on these lists; others stay."""


class NewContact(Upserted):
    """A contact to be added."""

    phone: Phone
    country: Country = ""
    """Country of a number without + and country code."""


class Contact(Shown):
    """A person. However their number is spelled, there is one contact of it."""

    id: ContactId
    phone: str
    """As it is dialled, in E.164."""
    attributes: Annotated[dict[str, Any], Field(examples=[{"name": "Ana", "city": "Curitiba"}])]
    tags: list[str]
    language: str
    timezone: str
    opted_out: bool
    """They must not be written to."""
    created_at: Time
    updated_at: Time


class BulkContact(Changes):
    """One of many."""

    phone: Phone


class Bulk(Body):
    """Contacts to be added or changed at once."""

    contacts: Annotated[list[BulkContact], Field(min_length=1, max_length=1_000)]
    country: Country = ""
    """Country of numbers without + and country code."""
    list_id: ListId | None = None
    """Put those that are stored on this list."""


class BulkRow(Shown):
    """What became of one of them."""

    row: int
    """Its place in `contacts`, counted from 0."""
    verdict: Literal["accepted", "corrected", "duplicate", "invalid", "opted_out"]
    """`accepted` and `corrected` are stored. `duplicate`: an earlier row is the same person. `invalid`: `detail` says
    why. `opted_out`: the person must not be written to, and was left as they were."""
    contact_id: ContactId | None
    """The contact that was stored."""
    detail: str
    """What was corrected, or why it was not stored."""


class BulkDone(Shown):
    """What became of all of them."""

    accepted: int
    corrected: int
    duplicate: int
    invalid: int
    opted_out: int
    rows: list[BulkRow]


class DisclosedMessage(Shown):
    """A message as it is kept."""

    id: str
    campaign: str
    """The campaign's name; empty: none."""
    phone: str
    status: str
    content: Any
    """As written, with its variables unfilled."""
    variables: Any
    """What they were filled with."""
    created_at: Time
    accepted_at: Time
    sent_at: Time
    delivered_at: Time
    read_at: Time
    failed_at: Time


class DisclosedReply(Shown):
    """What the person wrote."""

    id: str
    kind: str
    text: str
    payload: str
    opt_out: bool
    """It was taken as a wish not to be written to."""
    at: Time


class DisclosedPosition(Shown):
    """A journey they are or were in."""

    id: str
    journey: str
    node: str
    outcome: str
    """Empty: under way."""
    variables: Any
    entered_at: Time
    moved_at: Time
    ended_at: Time


class DisclosedConsent(Shown):
    """What they decided about hearing from us."""

    state: Literal["opted_out", "opted_in"]
    source: str
    since: Time


class Disclosure(Shown):
    """Everything that is stored of one person."""

    contact: Contact
    lists: list[str]
    consent: DisclosedConsent
    messages: list[DisclosedMessage]
    replies: list[DisclosedReply]
    positions: list[DisclosedPosition]
