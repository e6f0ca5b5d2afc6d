"""Passwords: hashed with Argon2id, in threads, a few at once, so that guessing cannot take the machine."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from clarion.domain.users import same_password

T = TypeVar("T")


class Hasher:
    """Hashes and compares. The parameters are RFC 9106's for machines with little memory.

    `at_once`: hashes under way at a time; each holds `memory` KiB.
    """

    def __init__(self, *, passes: int = 3, memory: int = 64 * 1024, lanes: int = 4, at_once: int = 2) -> None:
        self._argon = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes)
        self._turns = asyncio.Semaphore(at_once)
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """What is stored of a password."""
        return await self._run(lambda: self._argon.hash(same_password(password)))

    async def matches(self, stored: str, password: str) -> bool:
        """Whether this is the password. Takes as long when there is none (`stored` is empty)."""
        if not stored and not self._nobody:
            self._nobody = await self.hash("the password of a user who does not exist")
        right = await self._run(lambda: self._matches(stored or self._nobody, password))
        return right and bool(stored)

    def outdated(self, stored: str) -> bool:
        """Whether it was hashed with other parameters than these."""
        return self._argon.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._argon.verify(stored, same_password(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        async with self._turns:
            return await asyncio.to_thread(work)
