"""The kinds of nodes: one file each, and one line here."""

from typing import Annotated

from pydantic import Field

from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.nodes.end import End
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.nodes.wait import Wait

AnyNode = Annotated[
    Audience | Message | Wait | End,
    Field(discriminator="kind"),
]

KINDS: tuple[type[Node], ...] = (Audience, Message, Wait, End)
"""In the order the documentation and the builder show them."""
