"""What an endpoint is given: who asks, and the database as their workspace sees it."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from clarion.api.backend import Backend
from clarion.api.origin import address_of
from clarion.services.access.callers import Caller
from clarion.services.ports import Waker
from clarion.store.db import Database


class Later:
    """A waker that keeps what it is told until the commit: nobody is to look before the rows are there."""

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._told: list[tuple[str, int]] = []

    def wake(self, lane: str, *, after: int = 0) -> None:
        """Remember the lane."""
        self._told.append((lane, after))

    def pass_on(self) -> None:
        """Wake all of them."""
        told, self._told = self._told, []
        for lane, after in told:
            self._waker.wake(lane, after=after)


@dataclass(slots=True)
class Context:
    """One request. `db` and `waker` belong to it: what is written commits together, then lanes are woken.

    `target` and `detail` go into the audit log; by default they are the ids in the path and the names in the
    body. Never put secrets or people's data into `detail`.
    """

    backend: Backend
    caller: Caller
    db: Database
    waker: Waker
    request: Request
    target: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> int:
        """The id of the workspace that the caller speaks for."""
        return self.caller.workspace

    @property
    def address(self) -> str:
        """The client's address, for the audit log."""
        return address_of(self.request, self.backend.trusted_proxies)


def _context(request: Request) -> Context:
    context: Context = request.state.context
    return context


Ctx = Annotated[Context, Depends(_context)]
"""The type of an endpoint's first parameter."""
