"""What the store's tests share: an open database, once of each kind, and a waker that remembers."""

from collections.abc import AsyncIterator

import pytest

from clarion.store.db import Database
from tests.support.people import Woken


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database, closed after the test."""
    db = await Database.open(database_url)
    yield db
    await db.close()


@pytest.fixture
def woken() -> Woken:
    """A waker to be asked afterwards which lanes it woke."""
    return Woken()
