"""Signing in, and who one is."""

from typing import Annotated

from pydantic import Field

from clarion.api.fields import Body, KeyId, SessionId, Shown, Time, UserId, WorkspaceId, text
from clarion.domain.access import Role

Email = Annotated[
    str, text(254, least=3, pattern=r"^[^\s@]{1,64}@[^\s@]{1,189}$", examples=["ana@example.org"])
]
NewPassword = Annotated[str, text(200, least=12, examples=["four random words together"])]
GivenPassword = Annotated[str, text(1_000, least=1, examples=["four random words together"])]
GivenCode = Annotated[str, text(40, examples=["123456"])]
Token = Annotated[str, text(200, least=1, examples=["qV0l...the part of the link after token="])]


class SignIn(Body):
    """What proves who one is."""

    email: Annotated[str, text(254, least=1, examples=["ana@example.org"])]
    password: GivenPassword
    code: GivenCode = ""
    """Of the second factor, if there is one: what the app shows now, or a recovery code."""


class WorkspaceRef(Shown):
    """One workspace."""

    id: WorkspaceId
    name: str


class PlaceShown(WorkspaceRef):
    """One workspace of a user."""

    role: Role | None
    """What the user is there; null: an API key asks."""


class UserRef(Shown):
    """The user who is signed in."""

    id: UserId
    email: str
    name: str
    second_factor: bool
    """Whether signing in asks for a code."""
    has_password: bool
    """Whether they can sign in with one; else another identity provider does it."""


class KeyRef(Shown):
    """The API key that was sent."""

    id: KeyId
    name: str


class WhoAmI(Shown):
    """Who asks, for which workspace, and what they may do there."""

    user: UserRef | None
    """null: an API key asks."""
    key: KeyRef | None
    """null: a user asks."""
    workspace: WorkspaceRef
    role: Role | None
    """null: an API key asks; its permissions say all."""
    permissions: list[str]
    csrf_token: str | None
    """To be sent as X-CSRF-Token with whatever changes something; null: an API key needs none."""
    workspaces: list[PlaceShown]
    """Every workspace of the user, to switch to; for a key the one it has."""


class Switch(Body):
    """Which workspace to look at."""

    workspace: WorkspaceId


class SessionShown(Shown):
    """A browser that is signed in."""

    id: SessionId
    current: bool
    """Whether it is the one that asks."""
    address: str
    """Where it signed in from."""
    agent: str
    """What the browser says it is."""
    created_at: Time
    seen_at: Time
    """When it was last used, to the minute."""
    expires_at: Time


class OwnSessions(Shown):
    """One's own sessions."""

    items: list[SessionShown]


class PasswordAgain(Body):
    """One's password, for what somebody at an unattended screen should not do."""

    password: GivenPassword


class NewSecondFactor(Shown):
    """A second factor to put into an authenticator app. It counts once it is confirmed."""

    secret: str
    """To be typed into the app."""
    uri: Annotated[
        str, Field(examples=["otpauth://totp/Clarion:ana%40example.org?secret=...&issuer=Clarion"])
    ]
    """To be shown as a QR code."""


class Confirmation(Body):
    """A code that the app shows."""

    code: Annotated[str, text(40, least=6, examples=["123456"])]


class RecoveryCodes(Shown):
    """Codes for when the app is lost. Each works once; they are told this once."""

    codes: list[str]


class PasswordChange(Body):
    """Another password for oneself."""

    current: GivenPassword
    new: NewPassword
    """At least 12 characters, not one of the first that anybody tries, not made of one's address."""


class PasswordReset(Body):
    """A new password, by a one-time link."""

    token: Token
    password: NewPassword
    code: GivenCode = ""
    """Of the second factor, if there is one."""
