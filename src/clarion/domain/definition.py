"""A template as a person writes it, the same for every provider: what is submitted for approval, and shown."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from clarion.domain.errors import BadContent

Category = Literal["MARKETING", "UTILITY", "AUTHENTICATION"]
HeaderMedia = Literal["image", "video", "document", "location"]
ButtonKind = Literal["quick_reply", "url", "phone", "copy_code", "other"]

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class DefinedButton:
    """A button below the text. `url` may end in one variable; `id` is what a quick reply answers with.

    `other` stands for what a provider has beyond these: it is shown, and cannot be submitted from here.
    """

    kind: ButtonKind
    text: str
    url: str = ""
    phone: str = ""
    id: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A template's parts. Variables are written `{{1}}`, `{{2}}` or `{{first_name}}`.

    `examples` says for the reviewer what may stand in each variable: `body.1`, `header.1`. `header_media` is
    what each message brings in its header; `header_example` shows the reviewer one: a file's handle or address.
    """

    body: str
    header: str = ""
    header_media: str = ""
    header_example: str = ""
    footer: str = ""
    buttons: tuple[DefinedButton, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Whether its variables have names instead of numbers."""
        return any(not name.isdecimal() for name in (*names_in(self.header), *names_in(self.body)))


def names_in(text: str) -> tuple[str, ...]:
    """The variables of a text, in reading order, each once."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def fill(text: str, part: str, values: Mapping[str, str]) -> str:
    """The text of `part` (body, header) with its variables filled in; those without a value stay as written."""
    return _VARIABLE.sub(lambda found: values.get(f"{part}.{found[1]}") or found[0], text)


def problems(wanted: Definition) -> Iterator[BadContent]:
    """What no provider would take; each provider's own rules come on top."""
    if not wanted.body.strip():
        yield BadContent("body", "must not be empty")
    if wanted.header and wanted.header_media:
        yield BadContent("header", "is either a text or a medium")
    if wanted.header_media and wanted.header_media not in get_args(HeaderMedia):
        yield BadContent("header_media", f"must be one of {', '.join(get_args(HeaderMedia))}")
    if len(names_in(wanted.header)) > 1:
        yield BadContent("header", "holds at most one variable")
    used = names_in(wanted.body)
    if wanted.named and any(name.isdecimal() for name in (*names_in(wanted.header), *used)):
        yield BadContent("body", "has numbered and named variables: use one kind")
    elif not wanted.named and sorted(map(int, used)) != list(range(1, len(used) + 1)):
        yield BadContent("body", "must number its variables {{1}}, {{2}}, {{3}} without gaps")
    needed = [*(f"header.{name}" for name in names_in(wanted.header)), *(f"body.{name}" for name in used)]
    for name in needed:
        if not wanted.examples.get(name, "").strip():
            yield BadContent("examples", f"needs one for {name}: reviewers ask for it")
    for name in wanted.examples:
        if name not in needed:
            yield BadContent("examples", f"has one for {name[:60]}, which is no variable here")
    for n, button in enumerate(wanted.buttons):
        yield from _button(f"buttons/{n}", button)


def _button(at: str, button: DefinedButton) -> Iterator[BadContent]:
    needs = {"url": "url", "phone": "phone", "copy_code": "example"}.get(button.kind, "")
    if button.kind == "other":
        yield BadContent(f"{at}/kind", "cannot be submitted from here: use the provider's own pages")
    elif needs and not getattr(button, needs).strip():
        yield BadContent(f"{at}/{needs}", "is missing")
    if not button.text.strip() and button.kind != "copy_code":
        yield BadContent(f"{at}/text", "is missing")
    if names_in(button.url) and not button.example.strip():
        yield BadContent(f"{at}/example", "needs the whole address as an example")
