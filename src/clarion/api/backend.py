"""What the API stands on, made by `server.py` and handed in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clarion.net.client import GuardedClient
from clarion.services.ports import Waker
from clarion.services.secrets import SecretBox
from clarion.services.sending.providers import Providers
from clarion.store.db import Database

Ready = Callable[[], Awaitable[dict[str, str]]]
"""Each part's problem by name; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one caller may ask of the API. Sizes in bytes."""

    rate: float = 50.0
    """Requests per second of one key or session, over a minute."""
    burst: int = 200
    """Requests at once."""
    body: int = 1024 * 1024
    journey: int = 8 * 1024 * 1024
    upload: int = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Backend:
    """The engine's parts that requests need. `db` sees every workspace: requests use their context's."""

    db: Database
    waker: Waker
    box: SecretBox
    providers: Providers
    client: GuardedClient
    public_url: str
    data_dir: Path
    ready: Ready
    limits: Limits = Limits()
    trusted: Mapping[str, Any] = field(default_factory=dict)
    """Settings of sign-in: see services/access."""
