"""Users of the workspace, and invitations to it."""

from typing import Annotated

from pydantic import Field

from clarion.api.fields import Body, InvitationId, Shown, Time, UserId, text
from clarion.api.schemas.session import Email, NewPassword, Token
from clarion.domain.access import Role

GivenRole = Annotated[Role, Field(strict=False, examples=["editor"])]


class UserShown(Shown):
    """A user of the workspace."""

    id: UserId
    email: str
    name: str
    role: Role
    """What they are in this workspace."""
    second_factor: bool
    """Whether signing in asks them for a code."""
    joined_at: Time
    signed_in_at: Time
    """When they last signed in, to any workspace."""


class RoleChange(Body):
    """Another role."""

    role: GivenRole


class NewInvitation(Body):
    """Somebody to let in."""

    email: Email
    role: GivenRole


class Invitation(Shown):
    """Somebody who may become a user."""

    id: InvitationId
    email: str
    role: Role
    made_by: UserId | None
    """null: an API key, or the command line."""
    created_at: Time
    expires_at: Time


class MadeInvitation(Shown):
    """What became of an invitation."""

    id: InvitationId | None
    """null: they were a user already, and are one of this workspace now."""
    user_id: UserId | None
    """null: they follow the link first."""
    email: str
    role: Role
    link: str | None
    """For them alone, told this once. It works once, for seven days."""
    expires_at: Time


class ResetLink(Shown):
    """A link by which somebody chooses a new password."""

    link: str
    """For them alone, told this once. It works once, for a day."""
    expires_at: Time


class LookUp(Body):
    """An invitation to look at before accepting it."""

    token: Token


class InvitationSeen(Shown):
    """What an invitation is to."""

    email: str
    role: Role
    workspace: str
    """Its name."""
    expires_at: Time


class Acceptance(Body):
    """Who accepts an invitation."""

    token: Token
    name: Annotated[str, text(100, examples=["Ana Prado"])] = ""
    password: NewPassword
