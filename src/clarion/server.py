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
from clarion.domain.errors import ClarionError
from clarion.providers.registry import PROVIDERS
from clarion.services.doubts import Doubts, Schedule
from clarion.services.journeys.calls import Calls
from clarion.services.journeys.stepping import Stepping
from clarion.services.receiving.digest import Digest
from clarion.services.receiving.intake import Intake
from clarion.services.secrets import SecretBox
from clarion.services.sending import Plan, Sending
from clarion.services.sending.journal import Journal
from clarion.services.sending.ledger import Ledger
from clarion.services.sending.providers import Providers
from clarion.settings import Settings, micros
from clarion.store.db import Database
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
    box: SecretBox
    providers: Providers
    worker: str


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Engine]:
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
            engine = _assemble(settings, db, box, providers)
            await engine.ledger.replay()
            await engine.sweep.start(alone=bootstrap.embedded(settings))
            log.info("engine.started", worker=engine.worker, database=db.name, version=__version__)
            try:
                yield engine
            finally:
                await _stop(engine)


def _assemble(settings: Settings, db: Database, box: SecretBox, providers: Providers) -> Engine:
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    first_look = micros(settings.evidence.query_after[0])
    lanes: Lanes
    waker = InProcess(lambda lane: lanes.find(lane))  # noqa: PLW0108  # lanes need the waker first
    ledger = Ledger(
        db,
        waker,
        Journal(settings.data_dir, worker),
        deadline=micros(settings.sending.attempt_deadline),
        first_look=first_look,
        limit=settings.sending.max_attempts,
    )
    sending = Sending(db, ledger, providers, worker=worker, plan=_plan(settings))
    doubts = Doubts(db, ledger, providers, waker, _schedule(settings))
    stepping = Stepping(db, waker)
    calls = bootstrap.build_calls(settings, db, waker, worker)
    lanes = Lanes(
        db,
        waker,
        sending=sending,
        receipts=Digest(db, PROVIDERS, waker),
        replies=Digest(db, PROVIDERS, waker, replies=True),
        doubts=doubts,
        stepping=stepping,
        calls=calls,
    )
    sweep = Sweep(
        db,
        waker,
        worker=worker,
        every=settings.engine.sweep.total_seconds(),
        heartbeat=settings.engine.heartbeat.total_seconds(),
        dead_after=settings.engine.dead_after.total_seconds(),
        first_look=first_look,
    )
    intake = Intake(db, box, waker, PROVIDERS)
    return Engine(db, waker, sweep, sending, ledger, intake, stepping, calls, box, providers, worker)


async def _stop(engine: Engine) -> None:
    log.info("engine.stopping", worker=engine.worker)
    engine.stepping.stop()
    await asyncio.gather(engine.sending.stop(), engine.calls.stop())
    await engine.waker.stop()
    await engine.ledger.close()
    await engine.sweep.stop()
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
        public_url=bootstrap.public_url(settings),
        data_dir=settings.data_dir,
        ready=lambda: readiness(engine),
        limits=Limits(
            rate=settings.api.rate,
            burst=settings.api.burst,
            body=settings.api.max_body,
            upload=settings.imports.max_bytes,
        ),
    )


async def readiness(engine: Engine) -> dict[str, str]:
    """What keeps this process from doing its work, by part; empty when it is ready."""
    try:
        async with asyncio.timeout(2), engine.db.reading() as tx:
            await tx.scalar("SELECT 1")
    except Exception as error:  # noqa: BLE001  # whatever it is, the answer is "not ready", and why
        return {"database": f"does not answer ({type(error).__name__}): see the log"}
    return {}


class _Web(uvicorn.Server):
    """uvicorn, leaving signals to us: it would raise them again and end the process before the engine stopped."""

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


def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C. The database must have this release's tables (bootstrap.prepare_database)."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with running(settings) as engine:
        app = create_app(
            backend(settings, engine), intake=engine.intake, providers=list(PROVIDERS), lifespan=_nothing
        )
        config = uvicorn.Config(
            app,
            host=settings.http.host,
            port=settings.http.port,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        # A full collection stops every timer for tens of milliseconds: what exists now stays for good anyway.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        # The database's thread may hold the interpreter for this long, in seconds, while a start is due.
        sys.setswitchinterval(0.0005)
        await _Web(config).serve()
