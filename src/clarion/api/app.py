"""The HTTP side of `clarion serve`: webhooks and health."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from clarion import __version__
from clarion.api import webhooks
from clarion.services.receiving.intake import Intake

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Ready = Callable[[], Awaitable[dict[str, str]]]
"""Each part's problem by name; empty when all is well."""


class Alive(BaseModel):
    """The process answers."""

    status: str
    version: str


class Readiness(BaseModel):
    """Whether the process can do its work; `problems` says per part what is wrong and how to mend it."""

    status: str
    problems: dict[str, str]


def create_app(
    *, intake: Intake, providers: list[str], public_url: str, ready: Ready, lifespan: Lifespan | None = None
) -> FastAPI:
    """The application. Everything it needs is handed in; bootstrap and server know where it comes from."""
    app = FastAPI(title="Clarion", version=__version__, lifespan=lifespan, docs_url="/docs", redoc_url=None)
    app.router.routes.extend(webhooks.routes(intake, providers=providers, public_url=public_url))

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
        problems = await ready()
        body = Readiness(status="not ready" if problems else "ready", problems=problems)
        return JSONResponse(body.model_dump(), status_code=503 if problems else 200)

    return app
