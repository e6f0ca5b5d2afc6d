"""API keys."""

from typing import Annotated

from pydantic import Field

from clarion.api.fields import Body, KeyId, Shown, Time, UserId, text
from clarion.domain.access import Permission


class NewKey(Body):
    """An API key to make."""

    name: Annotated[str, text(100, least=1, examples=["Web shop"])]
    """What it is for, as you will recognise it later."""
    scopes: Annotated[
        list[Annotated[Permission, Field(strict=False)]],
        Field(min_length=1, max_length=len(Permission), examples=[["messages:send", "messages:read"]]),
    ]
    """What it may do."""
    expires_at: Time = 0
    """When it ends by itself; null: never."""


class Key(Shown):
    """An API key, without the key."""

    id: KeyId
    name: str
    hint: str
    """Its first characters, to recognise it by."""
    scopes: list[str]
    made_by: UserId | None
    """The user who made it; null: the command line, or another key."""
    created_at: Time
    expires_at: Time
    used_at: Time
    """When it was last used, to the minute."""
    revoked_at: Time


class MadeKey(Key):
    """A key just made: the only time its secret is told."""

    secret: str
    """Send it as `Authorization: Bearer ...`. It is not stored, and cannot be shown again."""
