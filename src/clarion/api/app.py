"""The HTTP side of `clarion serve`: the API, webhooks and health."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from clarion import __version__
from clarion.api import errors, metrics, openapi, webhooks
from clarion.api.backend import Backend
from clarion.api.pace import Pace
from clarion.api.routers import ALL, dropin, live
from clarion.services.live import Live
from clarion.services.receiving.intake import Intake

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

API = "/api/v1"


class Alive(BaseModel):
    """The process answers."""

    status: str
    version: str


class Readiness(BaseModel):
    """Whether the process can do its work; `problems` says per part what is wrong and how to mend it."""

    status: str
    problems: dict[str, str]


def create_app(
    backend: Backend, *, intake: Intake, providers: list[str], lifespan: Lifespan | None = None
) -> FastAPI:
    """The application. Everything it needs is handed in; bootstrap and server know where it comes from."""
    app = FastAPI(
        title="Clarion",
        version=__version__,
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
        # Its own spans would carry query strings, in which people's numbers may stand: ours are in metrics.py.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.add_middleware(metrics.Measured, meters=backend.meters)
    app.state.backend = backend
    app.state.pace = Pace(backend.limits.rate, backend.limits.burst)
    app.state.live = Live(
        backend.db, live.show, most=backend.limits.streams, most_of_caller=backend.limits.streams_of_caller
    )
    app.router.routes.extend(
        webhooks.routes(intake, providers=providers, public_url=backend.public_url, meters=backend.meters)
    )
    app.router.routes.extend(metrics.routes(backend.exposed))
    _declare(app)
    return app


def describe() -> dict[str, Any]:
    """The OpenAPI document, without anything running."""
    app = FastAPI(title="Clarion", version=__version__)
    _declare(app)
    return app.openapi()


def _declare(app: FastAPI) -> None:
    _health(app)
    for router in ALL:
        app.include_router(router, prefix=API)
    app.include_router(dropin.router, prefix=dropin.PREFIX)
    errors.install(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    if not app.openapi_schema:
        app.openapi_schema = openapi.document(app)
    return app.openapi_schema


def _health(app: FastAPI) -> None:
    @app.get("/healthz", operation_id="get_health", summary="Whether the process is alive", tags=["health"])
    async def get_health() -> Alive:
        return Alive(status="ok", version=__version__)

    @app.get(
        "/readyz",
        operation_id="get_readiness",
        summary="Whether the process can do its work",
        tags=["health"],
        responses={503: {"model": Readiness, "description": "Something it needs is missing."}},
    )
    async def get_readiness() -> JSONResponse:
        backend: Backend = app.state.backend
        problems = await backend.ready()
        body = Readiness(status="not ready" if problems else "ready", problems=problems)
        return JSONResponse(body.model_dump(), status_code=503 if problems else 200)
