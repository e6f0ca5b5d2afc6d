"""Whether a campaign's template parameters are those the provider approved."""

import difflib
from collections.abc import Iterator, Sequence

from clarion.domain.content import Template
from clarion.store.templates import StoredTemplate

SENDABLE = "APPROVED"


def misfits(content: Template, found: Sequence[StoredTemplate], names: Sequence[str]) -> list[str]:
    """A sentence for everything that does not fit. `found`: the cached templates of that name and language;
    `names`: all cached names of the sender's account.
    """
    title = f"{content.name}:{content.language}" if content.language else content.name
    if not found:
        near = difflib.get_close_matches(content.name, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Sync the sender's templates if it is new."
        return [f"The template {title} is not among the sender's templates. {hint}"]
    if len(found) > 1:
        languages = ", ".join(each.language for each in found)
        return [f"The template {title} exists in several languages ({languages}): name one of them."]
    return list(_differences(content, found[0], title))


def _differences(content: Template, stored: StoredTemplate, title: str) -> Iterator[str]:
    if stored.status != SENDABLE:
        yield f"The template {title} is {stored.status.lower() or 'unknown'}: only approved ones are sent."
    if not content.language and stored.name == content.name:
        yield f"The template {title} needs its language: {stored.name}:{stored.language}."
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
