"""What each claimed message says: the campaign's content, compiled once, rendered once per person."""

from collections import OrderedDict
from dataclasses import dataclass

import structlog

from clarion.domain.content import Content, from_json
from clarion.domain.errors import BadContent, ClarionError
from clarion.domain.template import Compiled, compile_content
from clarion.services.sending.starts import Ready
from clarion.store import dialect
from clarion.store.db import Database
from clarion.store.outbox.claim import Claim, campaign_content

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Held:
    compiled: Compiled
    dry_run: bool


class Contents:
    """Compiled contents by campaign and epoch: a content may change only while its campaign is paused."""

    def __init__(self, db: Database, *, keep: int = 200) -> None:
        self._db, self._keep = db, keep
        self._held: OrderedDict[tuple[int, int], _Held] = OrderedDict()

    async def render(self, claim: Claim, at: int, attempt_id: str) -> Ready:
        """The claim with its content for this person. A content that cannot be made says why in `problem`."""
        try:
            held = await self._of(claim.campaign_id, claim.epoch) if claim.content is None else None
            content = _made(held, claim)
        except ClarionError as refusal:
            return Ready(claim, at, attempt_id, None, problem=str(refusal))
        return Ready(claim, at, attempt_id, content, dry_run=held is not None and held.dry_run)

    async def _of(self, campaign_id: int, epoch: int) -> _Held:
        key = (campaign_id, epoch)
        held = self._held.get(key)
        if held is None:
            async with self._db.reading() as tx:
                row = await campaign_content(tx, campaign_id)
            held = _Held(compile_content(from_json(dialect.json_value(row.content))), bool(row.dry_run))
            self._held[key] = held
            if len(self._held) > self._keep:
                self._held.popitem(last=False)
        return held


def _made(held: _Held | None, claim: Claim) -> Content:
    try:
        if held is not None:
            return held.compiled.render(claim.variables)
        # A single message's content was rendered when it was queued: never evaluated twice.
        return from_json(claim.content or {})
    except ClarionError:
        raise
    except Exception as error:  # one message must not stop the others of its sender for ever
        log.exception("content.broke", message_id=claim.message_id)
        raise BadContent("content", f"an error of our own: {type(error).__name__}") from error
