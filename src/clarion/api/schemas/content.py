"""What a message says, as it is sent and shown. What holds for its values is said in domain/content.py."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator

from clarion.api.fields import Shown, text
from clarion.domain.content import from_json, to_json

Words = Annotated[str, text(10_000)]
Message = Annotated[str, text(10_000, examples=["Hello {{ name | default: 'friend' }}"])]


class Part(Shown):
    """A part of a content."""

    model_config = ConfigDict(extra="forbid")


class MediaFile(Part):
    """A file, by a public address or by the provider's id; exactly one of the two."""

    kind: Literal["image", "video", "audio", "document", "sticker"]
    link: Words = ""
    id: Words = ""
    """The provider's id of a file that was uploaded there."""
    caption: Words = ""
    filename: Words = ""


class TextContent(Part):
    """Free text. On WhatsApp only within 24 hours after the person wrote."""

    type: Literal["text"]
    body: Message
    preview_url: bool = False
    """Whether the first address in it is shown with a preview."""


class MediaContent(MediaFile):
    """A file with a caption."""

    type: Literal["media"]


class Choice(Part):
    """A reply button, or a row of a list."""

    id: Words
    """What comes back when it is chosen."""
    title: Words
    description: Words = ""
    """Rows of a list only."""


class ButtonsContent(Part):
    """A text with one to three reply buttons."""

    type: Literal["buttons"]
    body: Message
    buttons: list[Choice]
    header: Words = ""
    header_media: MediaFile | None = None
    footer: Words = ""


class Section(Part):
    """Some rows of a list under a title."""

    title: Words
    rows: list[Choice]


class ListContent(Part):
    """A text with a button that opens a list of up to ten rows."""

    type: Literal["list"]
    body: Message
    button: Words
    """What stands on the button."""
    sections: list[Section]
    header: Words = ""
    footer: Words = ""


class Parameter(Part):
    """A template's variable, and what goes into it."""

    name: Words
    """`1`, `2`, ... where the template's variables are numbered."""
    value: Words


class ButtonParameter(Part):
    """What goes into a template's button: a reply's payload, the end of an address, or a coupon code."""

    index: int
    kind: Literal["quick_reply", "url", "copy_code"]
    value: Words


class TemplateUse(Part):
    """A template that the provider approved."""

    type: Literal["template"]
    name: Annotated[str, Field(examples=["order_confirmation"])]
    """Its name; with Twilio its id (HX...)."""
    language: Annotated[str, Field(examples=["pt_BR"])] = ""
    body: list[Parameter] = Field(default_factory=list)
    header: Parameter | None = None
    header_media: MediaFile | None = None
    buttons: list[ButtonParameter] = Field(default_factory=list)
    named: bool = False
    """Whether the parameters travel by name, not by number."""


AnyContent = Annotated[
    TextContent | MediaContent | ButtonsContent | ListContent | TemplateUse, Field(discriminator="type")
]
"""What a message says. Every text in it may hold Liquid: `{{ name }}`."""


def _read(value: Any) -> dict[str, Any]:
    return to_json(from_json(value))


GivenContent = Annotated[dict[str, Any], PlainValidator(_read, json_schema_input_type=AnyContent)]
"""A content in a body: read by the domain, whose refusals (BadContent) name the field within it."""

RawContent = Annotated[dict[str, Any], PlainValidator(lambda value: value, json_schema_input_type=AnyContent)]
"""A content that is read later, so that one of many may be refused by itself."""
