"""`clarion serve`: API, webhooks and lanes in one process, from settings to the last goodbye."""

import asyncio
import contextlib
import fcntl
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa
import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from clarion import __version__, bootstrap
from clarion.api.app import create_app
from clarion.api.backend import Backend, Limits
from clarion.api.metrics import Exposed
from clarion.api.origin import networks
from clarion.domain.errors import BadField, ClarionError
from clarion.metrics import MEDIA_TYPE, Counted
from clarion.providers.registry import PROVIDERS
from clarion.services.access import links, setup
from clarion.services.doubts import Doubts, Schedule
from clarion.services.health.gauges import gauges
from clarion.services.health.process import Process
from clarion.services.health.readiness import Readiness
from clarion.services.importing.turns import Turns
from clarion.services.journeys.calls import Calls
from clarion.services.journeys.stepping import Stepping
from clarion.services.live import Live
from clarion.services.ports import LINGER
from clarion.services.receiving.digest import Digest
from clarion.services.receiving.intake import Intake
from clarion.services.secrets import SecretBox
from clarion.services.sending import Plan, Sending
from clarion.services.sending.journal import Journal
from clarion.services.sending.ledger import Ledger
from clarion.services.sending.providers import Providers
from clarion.services.telling.deliver import Telling
from clarion.settings import Settings, SettingsError, micros
from clarion.store import news
from clarion.store.access.links import SETUP
from clarion.store.db import Database
from clarion.telemetry import Traced
from clarion.workers.lanes import Lanes
from clarion.workers.sweep import Sweep
from clarion.workers.wake import InProcess

log = structlog.get_logger()


class AlreadyServing(ClarionError):
    """Another process runs the engine on this SQLite file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Another `clarion serve` is running on {path}: stop it first, or use PostgreSQL for several processes."
        )


@dataclass(frozen=True, slots=True)
class Engine:
    """The running parts of one process."""

    db: Database
    waker: InProcess
    sweep: Sweep
    sending: Sending
    ledger: Ledger
    intake: Intake
    stepping: Stepping
    calls: Calls
    telling: Telling
    box: SecretBox
    providers: Providers
    worker: str
    meters: Counted
    process: Process


@asynccontextmanager
async def running(settings: Settings, *, meters: Counted | None = None) -> AsyncIterator[Engine]:
    """An engine that works until the block ends, then stops gracefully: nothing it marked is left in doubt.

    Raises DatabaseUnreachable, KeyMissing, KeyWrong, AlreadyServing.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _alone(settings):
        async with bootstrap.open_database(settings) as db, bootstrap.open_transport(settings) as transport:
            box = await bootstrap.open_secret_box(settings, db)
            providers = Providers(
                db, box, lambda name, account: bootstrap.build_provider(settings, name, account, transport)
            )
            engine = _assemble(settings, db, box, providers, meters or bootstrap.build_meters(settings))
            engine.process.loop.start()
            await engine.ledger.replay()
            await engine.sweep.start(alone=bootstrap.embedded(settings))
            log.info("engine.started", worker=engine.worker, database=db.name, version=__version__)
            try:
                yield engine
            finally:
                await _stop(engine)


def _assemble(
    settings: Settings, db: Database, box: SecretBox, providers: Providers, meters: Counted
) -> Engine:
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    first_look = micros(settings.evidence.query_after[0])
    lanes: Lanes
    waker = InProcess(lambda lane: lanes.find(lane), meters=meters)  # noqa: PLW0108  # lanes need the waker first
    ledger = Ledger(
        db,
        waker,
        Journal(settings.data_dir, worker),
        deadline=micros(settings.sending.attempt_deadline),
        first_look=first_look,
        limit=settings.sending.max_attempts,
        meters=meters,
    )
    sending = Sending(db, ledger, providers, worker=worker, plan=_plan(settings), meters=meters)
    doubts = Doubts(db, ledger, providers, waker, _schedule(settings))
    stepping = Stepping(db, waker, meters=meters)
    calls = bootstrap.build_calls(settings, db, waker, worker, meters)
    telling = bootstrap.build_telling(settings, db, box, waker, worker)
    news.ring_with(db, lambda: waker.wake("notify", after=LINGER))
    lanes = Lanes(
        db,
        waker,
        sending=sending,
        receipts=Digest(db, PROVIDERS, waker, meters=meters),
        replies=Digest(db, PROVIDERS, waker, replies=True, meters=meters),
        doubts=doubts,
        stepping=stepping,
        calls=calls,
        telling=telling,
        imports=Turns(db, worker=worker, stopping=lambda: sending.stopping),
    )
    sweep = Sweep(
        db,
        waker,
        worker=worker,
        every=settings.engine.sweep.total_seconds(),
        heartbeat=settings.engine.heartbeat.total_seconds(),
        dead_after=settings.engine.dead_after.total_seconds(),
        first_look=first_look,
        data_dir=settings.data_dir,
    )
    intake = Intake(db, box, waker, PROVIDERS)
    process = Process(worker, sweep)
    return Engine(
        db,
        waker,
        sweep,
        sending,
        ledger,
        intake,
        stepping,
        calls,
        telling,
        box,
        providers,
        worker,
        meters,
        process,
    )


async def _stop(engine: Engine) -> None:
    log.info("engine.stopping", worker=engine.worker)
    engine.stepping.stop()
    await asyncio.gather(engine.sending.stop(), engine.calls.stop(), engine.telling.stop())
    await engine.waker.stop()
    await engine.ledger.close()
    await engine.sweep.stop()
    engine.process.loop.stop()
    if isinstance(engine.meters, Traced):
        await asyncio.to_thread(engine.meters.close)
    log.info("engine.stopped", worker=engine.worker)


def _plan(settings: Settings) -> Plan:
    sending = settings.sending
    return Plan(
        horizon=micros(sending.horizon),
        lease=micros(sending.lease),
        mark_group=micros(sending.mark_group),
        mark_lead=micros(sending.mark_lead),
        mark_expiry=micros(sending.mark_expiry),
        in_flight=sending.in_flight,
        headroom=sending.headroom,
    )


def _schedule(settings: Settings) -> Schedule:
    evidence = settings.evidence
    return Schedule(
        looks=tuple(micros(after) for after in evidence.query_after),
        quiet_after=micros(evidence.quiet_after),
        unresolved_after=micros(evidence.unresolved_after),
    )


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


class _alone:  # noqa: N801  # reads as a word in `with _alone(settings)`
    """Holds the SQLite file's engine lock, which the kernel releases when the process ends, however it ends."""

    def __init__(self, settings: Settings) -> None:
        self._path: Path | None = None
        self._file: IO[str] | None = None
        if bootstrap.embedded(settings):
            name = sa.make_url(settings.database_url).database
            self._path = Path(name) if name else None

    def __enter__(self) -> None:
        if self._path is None:
            return
        self._file = self._path.with_name(self._path.name + ".engine").open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise AlreadyServing(self._path) from None

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def backend(settings: Settings, engine: Engine) -> Backend:
    """What the API stands on: the running engine's parts. Needs a loop."""
    return Backend(
        db=engine.db,
        waker=engine.waker,
        box=engine.box,
        providers=engine.providers,
        client=bootstrap.build_client(settings),
        access=bootstrap.build_access(settings, engine.db, engine.box),
        trusted_proxies=networks(settings.http.trusted_proxies),
        public_url=bootstrap.public_url(settings),
        data_dir=settings.data_dir,
        ready=Readiness(
            engine.db,
            engine.process,
            write=engine.sweep.beat,
            data_dir=settings.data_dir,
            sweep=settings.engine.sweep.total_seconds(),
        ).problems,
        process=engine.process,
        meters=engine.meters,
        exposed=Exposed(
            lambda: _metrics(engine, settings.data_dir),
            MEDIA_TYPE,
            settings.metrics.token.get_secret_value() if settings.metrics.token else "",
        ),
        limits=Limits(
            rate=settings.api.rate,
            burst=settings.api.burst,
            body=settings.api.max_body,
            upload=settings.imports.max_bytes,
            streams=settings.api.streams,
            streams_of_caller=settings.api.streams_per_caller,
        ),
    )


async def _metrics(engine: Engine, data_dir: Path) -> bytes:
    return engine.meters.render(await gauges(engine.db, engine.process, data_dir))


class _Web(uvicorn.Server):
    """uvicorn, leaving signals to us: it would raise them again and end the process before the engine stopped."""

    def __init__(self, config: uvicorn.Config, streams: Live) -> None:
        super().__init__(config)
        self._streams = streams

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C stop gracefully; the second one at once, which is as safe as a crash."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if self.should_exit:
                os._exit(130)
            self.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams first: the server waits for every response, and theirs would go on."""
        self._streams.close()
        await super().shutdown(sockets)


async def _meet_the_first_user(settings: Settings, backend: Backend) -> None:
    """Make them from the settings, or print the link by which they make themselves."""
    given = settings.first_user
    if given.password is not None:
        password = given.password.get_secret_value()
        try:
            made = await setup.make_first_user(
                backend.db, backend.access.hasher, email=given.email, password=password
            )
        except BadField as error:
            raise SettingsError(f"CLARION_FIRST_USER__{error.field.upper()}: {error.problem}.") from None
        if made:
            log.info("user.made_first")
    elif await setup.is_open(backend.db):
        path = await setup.open_link(backend.db)
        log.info("setup.opened", lasts_s=links.LASTS[SETUP] // 1_000_000)
        # Not into the log: whoever reads the link becomes the owner.
        sys.stdout.write(f"Nobody can sign in yet. Make the first user: {backend.public_url}{path}\n")
        sys.stdout.flush()


def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C. The database must have this release's tables (bootstrap.prepare_database)."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with running(settings) as engine:
        standing = backend(settings, engine)
        await _meet_the_first_user(settings, standing)
        app = create_app(standing, intake=engine.intake, providers=list(PROVIDERS), lifespan=_nothing)
        config = uvicorn.Config(
            app,
            host=settings.http.host,
            port=settings.http.port,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # it would believe whoever connects from this machine
            timeout_graceful_shutdown=5,
        )
        # A full collection stops every timer for tens of milliseconds: what exists now stays for good anyway.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        # The database's thread may hold the interpreter for this long, in seconds, while a start is due.
        sys.setswitchinterval(0.0005)
        await _Web(config, app.state.live).serve()
