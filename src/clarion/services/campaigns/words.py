"""What the messages of a campaign say, and said: a content may change while the campaign is paused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain import preview
from clarion.domain.content import Content, Template, from_json
from clarion.domain.errors import BadContent
from clarion.domain.template import Compiled, compile_content
from clarion.services.templates import matching
from clarion.store import dialect, senders
from clarion.store.campaigns import Campaign
from clarion.store.db import Tx


@dataclass(frozen=True, slots=True)
class Words:
    """Finds what a message says. `versions` hold what the campaign said until an instant, oldest first; the last one
    is what it says now. `approved` holds the texts of the templates among them.
    """

    versions: tuple[tuple[int, Compiled], ...]
    approved: Mapping[tuple[str, str], str]

    def content(self, row: Any) -> Content:
        """The content of a row of `messages`: its own, or what the campaign said when it was sent.

        Raises BadContent if it cannot be made.
        """
        own = dialect.json_value(row.content)
        if own is not None:
            return from_json(own)
        at = min(filter(None, (row.accepted_at, row.failed_at)), default=0)
        compiled = next((each for until, each in self.versions if 0 < at < until), self.versions[-1][1])
        return compiled.render(dialect.json_value(row.variables) or {})

    def text(self, row: Any) -> str:
        """The message as its reader sees it; why there is none, if it cannot be made."""
        try:
            content = self.content(row)
        except BadContent as problem:
            return str(problem)
        named = (content.name, content.language) if isinstance(content, Template) else ("", "")
        return preview.as_text(content, self.approved.get(named, ""))


async def words_of(tx: Tx, campaign: Campaign) -> Words:
    """The words of a campaign's messages."""
    told = [(until, from_json(content)) for until, content in (*campaign.earlier, (0, campaign.content))]
    approved = {}
    for _, content in told:
        if isinstance(content, Template):
            approved[content.name, content.language] = await approved_text(
                tx, campaign.workspace_id, campaign.sender_id, content
            )
    return Words(tuple((until, compile_content(content)) for until, content in told), approved)


async def approved_text(tx: Tx, workspace: int, sender_id: int, content: Template) -> str:
    """The text that the provider approved, "" if it is not known here."""
    sender = await senders.find(tx, workspace, sender_id)
    found = await matching(tx, sender, content.name, content.language) if sender else []
    return found[0].text if found else ""
