"""The kinds of nodes: one file each, and one line here."""

from typing import Annotated

from pydantic import Field

from clarion.domain.journey.nodes.api import Api
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.nodes.delay import Delay
from clarion.domain.journey.nodes.end import End
from clarion.domain.journey.nodes.goto import Goto
from clarion.domain.journey.nodes.handoff import Handoff
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.nodes.split import Split
from clarion.domain.journey.nodes.update import Update
from clarion.domain.journey.nodes.wait import Wait

AnyNode = Annotated[
    Audience | Message | Wait | Delay | Api | Split | Update | Handoff | Goto | End,
    Field(discriminator="kind"),
]

KINDS: tuple[type[Node], ...] = (Audience, Message, Wait, Delay, Api, Split, Update, Handoff, Goto, End)
"""In the order the documentation and the builder show them."""
