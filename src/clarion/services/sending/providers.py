"""The provider of each sender, made once and again when its credentials change."""

import time
from collections.abc import Callable

from clarion.domain.errors import NotFound
from clarion.providers.base import Provider, SenderAccount
from clarion.services.secrets import SecretBox
from clarion.services.senders import load_account
from clarion.store.db import Database

_FRESH = 1.0  # seconds a provider is used without asking whether its sender changed

Open = Callable[[str, SenderAccount], Provider]
"""Makes a provider by its name for an account; bootstrap.py knows the transport and the settings."""


class Providers:
    """`await providers.get(sender)`. A new token is used within a second."""

    def __init__(self, db: Database, box: SecretBox, open_provider: Open) -> None:
        self._db, self._box, self._open = db, box, open_provider
        self._held: dict[int, tuple[float, tuple[object, ...], Provider]] = {}

    async def get(self, sender_id: int) -> Provider:
        """The sender's provider. Raises NotFound."""
        now = time.monotonic()
        held = self._held.get(sender_id)
        if held is not None and now - held[0] < _FRESH:
            return held[2]
        async with self._db.reading() as tx:
            row = await tx.first(
                "SELECT provider, account, config, secrets FROM senders WHERE id = :id", {"id": sender_id}
            )
        if row is None:
            raise NotFound("sender", sender_id)
        version = (row.provider, row.account, str(row.config), row.secrets)
        if held is None or held[1] != version:
            account = await load_account(self._db, self._box, sender_id)
            held = (now, version, self._open(row.provider, account))
        self._held[sender_id] = (now, version, held[2])
        return held[2]

    def name_of(self, sender_id: int) -> str:
        """What the provider is called that was given for the sender last."""
        held = self._held.get(sender_id)
        return str(held[1][0]) if held else "unknown"
