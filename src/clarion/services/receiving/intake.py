"""From the provider's request to durable inbox rows. Nothing is answered 200 before it is stored."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from clarion.providers.base import RawEvent, WebhookRequest
from clarion.providers.kind import ProviderKind
from clarion.services.grouping import Grouping
from clarion.services.ports import Waker
from clarion.services.secrets import SecretBox
from clarion.services.senders import load_account
from clarion.store import inbox
from clarion.store.db import Database

log = structlog.get_logger()

_FRESH = 2.0  # seconds a sender's signing secrets are used without looking again
_STALE = 0.2  # the same when they do not explain a webhook; bounds what forged ones can cost


@dataclass(frozen=True, slots=True)
class _Signer:
    sender_id: int
    account: str
    secrets: tuple[str, ...]
    verify_tokens: tuple[str, ...]


class Intake:
    """All webhook intake of one process. Commits are grouped: many requests, one transaction."""

    def __init__(self, db: Database, box: SecretBox, waker: Waker, kinds: Mapping[str, ProviderKind]) -> None:
        self._db, self._box, self._waker, self._kinds = db, box, waker, kinds
        self._signers: dict[str, tuple[float, list[_Signer]]] = {}
        self._events: Grouping[inbox.Arrival, bool] = Grouping(self._store, linger=0.003, limit=5_000)

    async def challenge(self, provider: str, request: WebhookRequest) -> str | None:
        """The answer to a provider's GET verification; None refuses it."""
        tokens = [token for signer in await self._known(provider) for token in signer.verify_tokens]
        return self._kinds[provider].webhooks.challenge(request, tokens)

    async def receive(self, provider: str, request: WebhookRequest) -> bool:
        """Verify and store a webhook; False if its signature proves no sender. Durable when it returns True.

        Raises BadWebhook for verified bytes that cannot be read at all.
        """
        webhooks = self._kinds[provider].webhooks
        secret, signers = await self._verify(provider, request)
        if secret is None:
            log.warning("webhook.refused", provider=provider)
            return False
        events = webhooks.split(request)
        if not {event.account for event in events} - {""} <= {signer.account for signer in signers}:
            signers = await self._known(provider, within=_STALE)  # a sender added a moment ago
        proven = [s for s in signers if secret in s.secrets]
        arrivals = [_arrival(provider, event, proven) for event in events]
        if arrivals:
            await self._events.submit(arrivals)
        return True

    async def _verify(self, provider: str, request: WebhookRequest) -> tuple[str | None, list[_Signer]]:
        """The secret that signed the request and the senders it may speak of; asks again before it refuses."""
        webhooks = self._kinds[provider].webhooks
        hint = webhooks.account_hint(request)
        for within in (_FRESH, _STALE):
            known = await self._known(provider, within=within)
            signers = [s for s in known if not hint or s.account == hint]
            secret = webhooks.verify(request, sorted({secret for s in signers for secret in s.secrets}))
            if secret is not None:
                return secret, signers
        return None, []

    async def _store(self, arrivals: Sequence[inbox.Arrival]) -> Sequence[bool]:
        async def work() -> None:
            async with self._db.transaction() as tx:
                await inbox.add(tx, arrivals)

        await self._db.persist(work)
        kinds = {arrival.kind == inbox.REPLY for arrival in arrivals}
        for lane, wanted in (("replies", True), ("inbox", False)):
            if wanted in kinds:
                self._waker.wake(lane)
        return [True] * len(arrivals)

    async def _known(self, provider: str, *, within: float = _FRESH) -> list[_Signer]:
        now = time.monotonic()
        held = self._signers.get(provider)
        if held is not None and now - held[0] < within:
            return held[1]
        kind = self._kinds[provider]
        async with self._db.reading() as tx:
            ids = [r.id for r in await tx.all("SELECT id FROM senders WHERE provider = :p", {"p": provider})]
        signers = []
        for ident in ids:
            account = await load_account(self._db, self._box, ident)
            verify = account.secrets.get("verify_token", "")
            signers.append(
                _Signer(
                    ident,
                    account.account,
                    tuple(kind.signing_secrets(account.secrets)),
                    (verify,) if verify else (),
                )
            )
        self._signers[provider] = (now, signers)
        return signers


def _arrival(provider: str, event: RawEvent, proven: Sequence[_Signer]) -> inbox.Arrival:
    # An event may touch only senders that share the secret which signed it AND the account it names.
    allowed = tuple(s.sender_id for s in proven if not event.account or s.account == event.account)
    return inbox.Arrival(provider, event.account, event.kind, event.key, event.body, allowed)
