"""Whether a template message fits what the provider has approved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from clarion.domain.content import Template

SENDABLE = "APPROVED"


class Approved(Protocol):
    """What is known of a template. `variables` are named body.1, header.1, button.0."""

    @property
    def status(self) -> str: ...
    @property
    def named(self) -> bool: ...
    @property
    def variables(self) -> Sequence[str]: ...
    @property
    def header_media(self) -> str: ...


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """The provider's word on a template: `status` in upper case; what its variables are; its media header's kind."""

    status: str
    variables: Sequence[str] = ()
    named: bool = False
    header_media: str = ""


def title_of(content: Template) -> str:
    """What the template is called in sentences."""
    return f"{content.name}:{content.language}" if content.language else content.name


def differences(content: Template, stored: Approved) -> Iterator[str]:
    """A sentence for everything in which the content and the approved template differ."""
    title = title_of(content)
    if stored.status != SENDABLE:
        yield f"The template {title} is {stored.status.lower() or 'unknown'}: only approved ones are sent."
    if content.body and content.named != stored.named:
        kind = "named" if stored.named else "numbered"
        yield f"The template {title} has {kind} variables: {', '.join(stored.variables)}; give them so."
    given, wanted = _given(content), stored.variables
    for name in wanted:
        if name not in given:
            yield f"The template {title} needs a value for {name}."
    for name in given:
        if name not in wanted:
            yield f"The template {title} has no variable {name}: leave it out."
    media = content.header_media.kind if content.header_media else ""
    if media != stored.header_media:
        if not stored.header_media:
            yield f"The template {title} has no media header: leave the {media} out."
        else:
            yield f"The template {title} needs a header {stored.header_media}" + (
                f", not a {media}." if media else "."
            )


def _given(content: Template) -> list[str]:
    header = [f"header.{content.header.name}"] if content.header else []
    buttons = [f"button.{button.index}" for button in content.buttons if button.kind != "quick_reply"]
    return [*header, *(f"body.{parameter.name}" for parameter in content.body), *buttons]
