"""What an installation has, as far as a graph may name it."""

from collections.abc import Mapping
from dataclasses import dataclass

from clarion.domain.approved import TemplateFacts

__all__ = ["Known", "SenderFacts", "TemplateFacts"]


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """A sender. `has_window`: free text needs a reply within the last 24 hours (WhatsApp, also through Twilio)."""

    provider: str
    has_window: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What there is; None where nobody looked, and what depends on it is not checked.

    `attributes`: names that contacts have. `senders` by name. `templates` by name (or the provider's id) and
    language; a template whose provider knows no languages has "". `lists` and `journeys`: names.
    """

    attributes: frozenset[str] | None = None
    senders: Mapping[str, SenderFacts] | None = None
    templates: Mapping[tuple[str, str], TemplateFacts] | None = None
    lists: frozenset[str] | None = None
    journeys: frozenset[str] | None = None
