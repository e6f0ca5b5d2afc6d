"""What WhatsApp refuses, found before a request is spent on it. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp (2026 editions).
"""

import re
from collections.abc import Iterator, Sequence

from clarion.domain.content import (
    ButtonParameter,
    Buttons,
    Choice,
    Content,
    ListPicker,
    Media,
    Parameter,
    Section,
    Template,
    Text,
)
from clarion.domain.errors import BadContent

Problems = Iterator[BadContent]

_TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
_PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")
_UNFIT = re.compile(r"[\n\r\t]| {5}")
"""WhatsApp refuses template parameters with line breaks, tabs or more than four spaces in a row."""


def check(content: Content) -> Problems:
    """Each rule that `content` breaks, with the field it concerns."""
    match content:
        case Text():
            yield from _text("body", content.body, 4096)
        case Media():
            yield from _media("", content)
        case Buttons():
            yield from _buttons(content)
        case ListPicker():
            yield from _list(content)
        case Template():
            yield from _template(content)


def _text(field: str, value: str, longest: int, *, required: bool = True) -> Problems:
    if required and not value.strip():
        yield BadContent(field, "is empty")
    if len(value) > longest:
        yield BadContent(field, f"has {len(value):,} characters, at most {longest:,} are allowed")


def _media(at: str, media: Media) -> Problems:
    if bool(media.id) == bool(media.link):
        yield BadContent(f"{at}link", "give either a link or a media id, and not both")
    elif media.link and not media.link.startswith("https://"):
        yield BadContent(f"{at}link", "must be a public address that starts with https://")
    if media.caption and media.kind in ("audio", "sticker"):
        yield BadContent(f"{at}caption", f"is not possible with {media.kind}")
    if media.filename and media.kind != "document":
        yield BadContent(f"{at}filename", f"is only for documents, not for {media.kind}")


def _header_media(media: Media) -> Problems:
    yield from _media("header_media/", media)
    if media.kind not in ("image", "video", "document"):
        yield BadContent(
            "header_media/kind", f"cannot be {media.kind}; a header takes image, video or document"
        )
    if media.caption:
        yield BadContent("header_media/caption", "is not possible in a header")


def _buttons(content: Buttons) -> Problems:
    yield from _text("body", content.body, 1024)
    yield from _text("header", content.header, 60, required=False)
    yield from _text("footer", content.footer, 60, required=False)
    if content.header_media is not None:
        yield from _header_media(content.header_media)
        if content.header:
            yield BadContent("header", "give either a text or a media header, and not both")
    if not 1 <= len(content.buttons) <= 3:
        yield BadContent("buttons", f"has {len(content.buttons)} buttons, 1 to 3 are allowed")
    yield from _choices("buttons", content.buttons, id_length=256, title_length=20)
    yield from _unique("buttons", [button.title for button in content.buttons], "title")
    yield from _unique("buttons", [button.id for button in content.buttons], "id")
    for n, button in enumerate(content.buttons):
        if button.description:
            yield BadContent(f"buttons/{n}/description", "is only for the rows of a list")


def _list(content: ListPicker) -> Problems:
    yield from _text("body", content.body, 1024)
    yield from _text("button", content.button, 20)
    yield from _text("header", content.header, 60, required=False)
    yield from _text("footer", content.footer, 60, required=False)
    rows = [row for section in content.sections for row in section.rows]
    if not 1 <= len(content.sections) <= 10:
        yield BadContent("sections", f"has {len(content.sections)} sections, 1 to 10 are allowed")
    if len(rows) > 10:
        yield BadContent("sections", f"has {len(rows)} rows in all sections together, at most 10 are allowed")
    yield from _unique("sections", [row.id for row in rows], "id")
    for n, section in enumerate(content.sections):
        yield from _section(f"sections/{n}", section, alone=len(content.sections) == 1)


def _section(at: str, section: Section, *, alone: bool) -> Problems:
    yield from _text(f"{at}/title", section.title, 24, required=not alone)
    if not section.rows:
        yield BadContent(f"{at}/rows", "is empty")
    yield from _choices(f"{at}/rows", section.rows, id_length=200, title_length=24)
    for n, row in enumerate(section.rows):
        yield from _text(f"{at}/rows/{n}/description", row.description, 72, required=False)


def _choices(at: str, choices: Sequence[Choice], *, id_length: int, title_length: int) -> Problems:
    for n, choice in enumerate(choices):
        yield from _text(f"{at}/{n}/id", choice.id, id_length)
        yield from _text(f"{at}/{n}/title", choice.title, title_length)


def _unique(at: str, values: Sequence[str], what: str) -> Problems:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        yield BadContent(at, f"has the same {what} twice: {', '.join(twice)}")


def _template(content: Template) -> Problems:
    if not _TEMPLATE_NAME.fullmatch(content.name):
        yield BadContent("name", "must be the template's name: lower-case letters, digits and underscores")
    if not content.language:
        yield BadContent(
            "language", "is missing; a template is named by its name and language, such as en_GB"
        )
    if content.header_media is not None:
        yield from _header_media(content.header_media)
        if content.header is not None:
            yield BadContent("header", "give either a text or a media header, and not both")
    if content.header is not None:
        yield from _value("header/value", content.header.value)
    yield from _parameters(content.body, named=content.named)
    for n, button in enumerate(content.buttons):
        yield from _button(f"buttons/{n}", button)
    yield from _unique("buttons", [str(button.index) for button in content.buttons], "index")


def _parameters(parameters: Sequence[Parameter], *, named: bool) -> Problems:
    for n, parameter in enumerate(parameters):
        yield from _value(f"body/{n}/value", parameter.value)
        if named and not _PARAMETER_NAME.fullmatch(parameter.name):
            yield BadContent(f"body/{n}/name", "must be lower-case letters, digits and underscores")
    names = [parameter.name for parameter in parameters]
    if named:
        yield from _unique("body", names, "name")
    elif sorted(names) != sorted(str(number) for number in range(1, len(names) + 1)):
        yield BadContent(
            "body", f"must hold the parameters 1 to {len(names)}, each once; it has {', '.join(names)}"
        )


def _value(field: str, value: str) -> Problems:
    yield from _text(field, value, 1024)
    if _UNFIT.search(value):
        yield BadContent(field, "must not hold line breaks, tabs or more than four spaces in a row")


def _button(at: str, button: ButtonParameter) -> Problems:
    if not 0 <= button.index <= 9:
        yield BadContent(f"{at}/index", "must be 0 to 9, the place of the button in the template")
    if not button.value.strip():
        yield BadContent(f"{at}/value", "is empty")
