"""The one place where concrete things meet: settings become a database, keys, providers and a waker."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from alembic.util import CommandError

from clarion.domain.addresses import Allowed
from clarion.domain.errors import ClarionError
from clarion.metrics import Counted
from clarion.net.client import GuardedClient
from clarion.providers import registry
from clarion.providers.base import Provider, SenderAccount
from clarion.providers.transport import Timeouts, Transport
from clarion.services import workspaces
from clarion.services.access.passwords import Hasher
from clarion.services.access.sessions import Access
from clarion.services.access.throttle import Throttle
from clarion.services.journeys.calls import Calls
from clarion.services.ports import UNWATCHED, Meters, Waker
from clarion.services.secrets import SecretBox, open_box
from clarion.services.telling.deliver import Telling
from clarion.settings import Settings, micros
from clarion.store import migrate
from clarion.store.db import Database
from clarion.telemetry import open_tracing

KEY_FILE = "secret.key"
"""In the data directory: the key of an installation that was given none."""


class DatabaseUnreachable(ClarionError):
    """The database does not answer, or cannot be opened."""

    def __init__(self, url: str, reason: str) -> None:
        where = sa.make_url(url).render_as_string(hide_password=True)
        check = (
            "CLARION_DATA_DIR and CLARION_DATABASE_URL"
            if where.startswith("sqlite")
            else "CLARION_DATABASE_URL"
        )
        super().__init__(f"The database {where} cannot be used: {reason} Check {check}.")


class DatabaseBehind(ClarionError):
    """A PostgreSQL database does not have this release's tables yet."""

    def __init__(self, found: str | None, wanted: str) -> None:
        state = f"is at revision {found}" if found else "has no tables yet"
        super().__init__(f"The database {state}, this release needs {wanted}: run `clarion db upgrade` once.")


class DatabaseNewer(ClarionError):
    """The database was brought to a revision that this release has never heard of."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(
            f"The database is at revision {found}, which this release (it knows {wanted}) does not know: "
            "a newer release of Clarion upgraded it, so use that one."
        )


@dataclass(frozen=True, slots=True)
class Installation:
    """What a command works with. `workspace` is the id of the one it speaks for."""

    settings: Settings
    db: Database
    box: SecretBox
    waker: Waker
    workspace: int


class NoticedByOthers:
    """The waker of a short command: `clarion serve` sees the commit, or its sweep finds the due rows."""

    def wake(self, lane: str, *, after: int = 0) -> None:
        """Nothing: there is no engine in this process."""


def embedded(settings: Settings) -> bool:
    """Whether the database is our own SQLite file rather than a server."""
    return settings.database_url.startswith("sqlite")


def prepare_database(settings: Settings) -> None:
    """Bring the embedded database to this release's tables; check that a PostgreSQL one is there.

    Not to be called inside an event loop. Raises DatabaseUnreachable, DatabaseBehind.
    """
    found, wanted = database_revision(settings)
    if found == wanted:
        return
    if not embedded(settings):
        raise DatabaseBehind(found, wanted)
    upgrade_database(settings)


def upgrade_database(settings: Settings) -> None:
    """Apply the migrations the database lacks; doing it again does nothing.

    Raises DatabaseUnreachable, DatabaseNewer.
    """
    try:
        migrate.upgrade(settings.database_url)
    except CommandError:
        raise DatabaseNewer(*database_revision(settings)) from None
    except (OSError, sa.exc.DBAPIError, sa.exc.InterfaceError) as error:
        raise DatabaseUnreachable(settings.database_url, _reason(error)) from error


def database_revision(settings: Settings) -> tuple[str | None, str]:
    """The database's revision (None: no tables) and the one this release wants.

    Raises DatabaseUnreachable.
    """
    try:
        return migrate.revision(settings.database_url)
    except (OSError, sa.exc.DBAPIError) as error:
        raise DatabaseUnreachable(settings.database_url, _reason(error)) from error


@asynccontextmanager
async def open_database(settings: Settings, *, pool: int = 10) -> AsyncIterator[Database]:
    """The database, closed at the end. Raises DatabaseUnreachable."""
    try:
        db = await Database.open(settings.database_url, pool=pool)
    except (OSError, sa.exc.DBAPIError) as error:
        raise DatabaseUnreachable(settings.database_url, _reason(error)) from error
    try:
        yield db
    finally:
        await db.close()


async def open_secret_box(settings: Settings, db: Database) -> SecretBox:
    """The keys that encrypt credentials: those given, else the data directory's own, made on the first start.

    They are checked against what is stored. Raises KeyMissing, KeyWrong.
    """
    given = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return await open_box(db, given, settings.data_dir / KEY_FILE)


@asynccontextmanager
async def installation(settings: Settings, *, workspace: str = "") -> AsyncIterator[Installation]:
    """Database and keys, opened and checked against each other; the first workspace, if none is named.

    Raises DatabaseUnreachable, KeyMissing, KeyWrong, NotFound (the workspace).
    """
    async with open_database(settings, pool=3) as db:
        box = await open_secret_box(settings, db)
        chosen = await workspaces.find_workspace(db, workspace)
        yield Installation(settings, db, box, NoticedByOthers(), chosen)


def public_url(settings: Settings) -> str:
    """Where providers reach `clarion serve`: the setting, else the address it listens on."""
    return settings.http.public_url or f"http://{settings.http.host}:{settings.http.port}"


def provider_settings(settings: Settings, name: str) -> Mapping[str, str]:
    """The installation's values for a provider, by the names its registry entry gives them."""
    match name:
        case "whatsapp":
            return {"url": settings.whatsapp.base_url, "version": settings.whatsapp.version}
        case "twilio":
            return {"url": settings.twilio.base_url, "content_url": settings.twilio.content_url}
    return {}


def build_provider(settings: Settings, name: str, account: SenderAccount, transport: Transport) -> Provider:
    """A provider speaking for one sender. Raises NotFound, BadSender."""
    return registry.build(
        name,
        account,
        transport,
        settings=provider_settings(settings, name),
        public_url=public_url(settings),
    )


def build_client(settings: Settings) -> GuardedClient:
    """What reaches addresses that users give, with the operator's exceptions. Needs a loop."""
    wished = settings.calls
    return GuardedClient(
        Allowed.parse(wished.allow),
        ports=wished.ports,
        timeout=micros(wished.timeout),
        largest=wished.max_answer,
    )


def build_meters(settings: Settings) -> Counted:
    """What counts, and keeps spans where an endpoint is set. Raises TelemetryMissing."""
    endpoint = settings.telemetry.endpoint
    return open_tracing(endpoint) if endpoint else Counted()


def build_calls(
    settings: Settings, db: Database, waker: Waker, worker: str, meters: Meters = UNWATCHED
) -> Calls:
    """What makes the calls of journeys. Needs a loop."""
    wished = settings.calls
    client = build_client(settings)
    lease = 2 * micros(wished.timeout) + 10_000_000
    return Calls(db, client, waker, worker=worker, slots=wished.in_flight, lease=lease, meters=meters)


def build_telling(settings: Settings, db: Database, box: SecretBox, waker: Waker, worker: str) -> Telling:
    """What tells customers' systems. Needs a loop."""
    timeout = micros(settings.webhooks.timeout)
    client = GuardedClient(
        Allowed.parse(settings.calls.allow), ports=settings.calls.ports, timeout=timeout, largest=64 * 1024
    )
    return Telling(
        db,
        client,
        box,
        waker,
        worker=worker,
        slots=settings.webhooks.in_flight,
        lease=2 * timeout + 10_000_000,
    )


def build_access(settings: Settings, db: Database, box: SecretBox) -> Access:
    """What signing in stands on. Needs a loop."""
    wished = settings.access
    return Access(db, box, Hasher(), Throttle(db), idle=micros(wished.idle), lifetime=micros(wished.lifetime))


@asynccontextmanager
async def open_transport(settings: Settings) -> AsyncIterator[Transport]:
    """One pool of provider connections, with the configured timeouts."""
    sending = settings.sending
    total = micros(sending.request_timeout)
    transport = Transport(Timeouts(connect=micros(sending.connect_timeout), read=total, total=total))
    try:
        yield transport
    finally:
        await transport.close()


def _reason(error: BaseException) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return line if line.endswith(".") else f"{line}."
