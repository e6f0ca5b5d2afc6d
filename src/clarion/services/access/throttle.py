"""Slowing down those who guess."""

import time
from collections import OrderedDict

from clarion.domain.errors import ClarionError
from clarion.domain.throttle import SECOND, Bucket
from clarion.store.access import throttles
from clarion.store.db import Database

_REMEMBERED = 10_000
_TIDIED = 20  # at each try, which adds at most three


class TooManyAttempts(ClarionError):
    """Tried too often. `retry_after` in whole seconds; `bucket` is what was full."""

    def __init__(self, bucket: str, micros: int) -> None:
        self.bucket, self.retry_after = bucket, max(1, -(-micros // SECOND))
        super().__init__(
            f"Too many attempts: wait {self.retry_after} s. A browser that you signed in with before is not kept "
            "waiting by others, and `clarion user link` makes a link that lets you in."
        )


class Throttle:
    """Buckets in the database, shared by every process.

    A full one is remembered here until it takes a try again: an attack costs the database next to nothing.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._full: OrderedDict[str, float] = OrderedDict()

    async def take(self, *buckets: Bucket) -> None:
        """Count a try in each bucket, or in none. Raises TooManyAttempts."""
        for bucket in buckets:
            left = self._full.get(bucket.name, 0.0) - time.monotonic()
            if left > 0:
                raise TooManyAttempts(bucket.name, round(left * SECOND))
        try:
            await self._db.persist(lambda: self._take(buckets))
        except TooManyAttempts as full:
            self._remember(full.bucket, full.retry_after)
            raise

    async def first(self, *buckets: Bucket) -> bool:
        """Count a try in each bucket; False, and none is counted, if one is full."""
        try:
            await self.take(*buckets)
        except TooManyAttempts:
            return False
        return True

    async def give_back(self, *buckets: Bucket) -> None:
        """Undo a try that turned out well."""
        for bucket in buckets:
            self._full.pop(bucket.name, None)
        async with self._db.transaction() as tx:
            await throttles.give_back(tx, buckets)

    async def _take(self, buckets: tuple[Bucket, ...]) -> None:
        async with self._db.transaction() as tx:
            now = await tx.now()
            for bucket in buckets:
                if micros := await throttles.take(tx, bucket, now):
                    raise TooManyAttempts(bucket.name, micros)
            await throttles.forget_empty(tx, now, limit=_TIDIED)

    def _remember(self, name: str, seconds: int) -> None:
        self._full[name] = time.monotonic() + seconds
        self._full.move_to_end(name)
        if len(self._full) > _REMEMBERED:
            self._full.popitem(last=False)
