"""The first user."""

from typing import Annotated

from clarion.api.fields import Body, Shown, text
from clarion.api.schemas.session import Email, NewPassword, Token


class SetupState(Shown):
    """Whether the first user is still to be made."""

    open: bool


class SetUp(Body):
    """The first user, who becomes owner of the first workspace."""

    token: Token
    """Of the link that `clarion serve` printed."""
    email: Email
    name: Annotated[str, text(100, examples=["Ana Prado"])] = ""
    password: NewPassword
