"""Workspaces and their settings."""

from typing import Annotated

from pydantic import Field

from clarion.api.fields import Body, Shown, Time, WorkspaceId, text
from clarion.api.schemas.session import PlaceShown

Name = Annotated[str, text(100, least=1, examples=["Lisbon shop"])]
Words = Annotated[
    list[Annotated[str, text(50, least=1)]], Field(max_length=100, examples=[["ABMELDEN", "ARRET"]])
]


class WorkspaceShown(Shown):
    """A workspace with its settings."""

    id: WorkspaceId
    name: str
    opt_out_words: list[str]
    """Replies that ask for no more messages, beside STOP and the other usual words. Whole replies only; case and
    punctuation do not matter."""
    created_at: Time


class WorkspaceChange(Body):
    """What to change; the rest stays."""

    name: Name = ""
    """Unique in the installation: the command line names workspaces by it."""
    opt_out_words: Words = Field(default_factory=list)


class NewWorkspace(Body):
    """A workspace to make."""

    name: Name


class OwnWorkspaces(Shown):
    """The workspaces of whoever asks."""

    items: list[PlaceShown]
