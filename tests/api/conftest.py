"""The API over real HTTP, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.api import Api, api


@pytest.fixture(name="api")
async def api_fixture(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The API with a key that may do everything in workspace 1."""
    async with api(database_url, tmp_path) as running:
        yield running
