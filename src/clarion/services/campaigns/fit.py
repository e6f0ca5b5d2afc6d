"""Whether a campaign's template parameters are those the provider approved."""

import difflib
from collections.abc import Iterator, Sequence

from clarion.domain.approved import differences, title_of
from clarion.domain.content import Template
from clarion.store.templates import StoredTemplate


def misfits(content: Template, found: Sequence[StoredTemplate], names: Sequence[str]) -> list[str]:
    """A sentence for everything that does not fit. `found`: the cached templates of that name and language;
    `names`: all cached names of the sender's account.
    """
    title = title_of(content)
    if not found:
        near = difflib.get_close_matches(content.name, names, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Sync the sender's templates if it is new."
        return [f"The template {title} is not among the sender's templates. {hint}"]
    if len(found) > 1:
        languages = ", ".join(each.language for each in found)
        return [f"The template {title} exists in several languages ({languages}): name one of them."]
    return [*_language(content, found[0], title), *differences(content, found[0])]


def _language(content: Template, stored: StoredTemplate, title: str) -> Iterator[str]:
    if not content.language and stored.name == content.name:
        yield f"The template {title} needs its language: {stored.name}:{stored.language}."
