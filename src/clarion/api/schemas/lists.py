"""Lists: named sets of contacts."""

from typing import Annotated

from pydantic import Field

from clarion.api.fields import Body, ContactId, ListId, Shown, Time, text
from clarion.api.schemas.contacts import Country, Phone

ListName = Annotated[str, text(200, least=1, examples=["Newsletter"])]


class NewList(Body):
    """A list to make, or a new name for one."""

    name: ListName
    """No two lists have the same."""


class ContactList(Shown):
    """A list."""

    id: ListId
    name: str
    members: int
    """How many contacts are on it, opted-out ones included."""
    created_at: Time


class NewMembers(Body):
    """Contacts to put on a list: by id, by number, or both."""

    contacts: Annotated[list[ContactId], Field(max_length=1_000)] = Field(default_factory=list)
    phones: Annotated[list[Phone], Field(max_length=1_000)] = Field(default_factory=list)
    country: Country = ""
    """Country of numbers without + and country code."""


class Missing(Shown):
    """Something that was asked for and is no contact."""

    item: Annotated[str, Field(examples=["con_42"])]
    """The id or number as it was sent."""
    detail: str


class MembersAdded(Shown):
    """What putting contacts on a list came to."""

    added: int
    already: int
    """Those that were on it before."""
    missing: list[Missing]
