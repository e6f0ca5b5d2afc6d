"""What the API stands on, made by `server.py` and handed in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clarion.api.metrics import Exposed
from clarion.api.origin import Network
from clarion.net.client import GuardedClient
from clarion.services.access.sessions import Access
from clarion.services.health.process import Process
from clarion.services.ports import UNWATCHED, Meters, Waker
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
    streams: int = 500
    """Live streams open at once in this process."""
    streams_of_caller: int = 20


@dataclass(frozen=True, slots=True)
class Backend:
    """The engine's parts that requests need. `db` sees every workspace: requests use their context's."""

    db: Database
    waker: Waker
    box: SecretBox
    providers: Providers
    client: GuardedClient
    access: Access
    public_url: str
    data_dir: Path
    ready: Ready
    limits: Limits = Limits()
    trusted_proxies: Sequence[Network] = ()
    """Networks of proxies whose word on the client's address counts."""
    process: Process | None = None
    """The engine that runs here; None: this process only answers."""
    meters: Meters = UNWATCHED
    exposed: Exposed | None = None
    """What `/metrics` shows; None: there is no such page."""
