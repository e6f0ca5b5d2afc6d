"""Consents: who must not be written to."""

from typing import Annotated, Literal

from pydantic import Field

from clarion.api.fields import Body, ContactId, Shown, Time, text
from clarion.api.schemas.contacts import Country, Phone

State = Literal["opted_out", "opted_in"]


class ConsentWish(Body):
    """What a person decided about hearing from us, on every channel."""

    state: State
    """`opted_out`: nothing more is sent to them, and what waits is withdrawn. `opted_in`: they asked for it again."""
    source: Annotated[str, text(100, least=1, examples=["CRM"])] = "api"
    """Who told you, without personal data."""


class NumberConsentWish(ConsentWish):
    """The same for a number, whether it is a contact's or not."""

    phone: Phone
    country: Country = ""
    """Country of a number without + and country code."""


class Consent(Shown):
    """What is known of a person's wish to hear from us."""

    person: Annotated[str, Field(examples=["5541991234567"])]
    """The digits that all spellings of their number have in common."""
    state: State
    source: str
    """Who told of the opt-out; empty without one."""
    since: Time
    """When they opted out."""
    contact_id: ContactId | None
    """The contact with this number, if there is one."""
    phone: str
    """That contact's number; empty without one."""
