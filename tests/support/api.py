"""The API over real HTTP, without an engine: what a test asks is answered, and nothing else happens."""

import asyncio
import io
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import orjson
import uvicorn
from fastapi import FastAPI

from clarion import bootstrap
from clarion.api.app import create_app
from clarion.api.backend import Backend, Limits
from clarion.api.origin import networks
from clarion.domain.access import Permission
from clarion.providers.registry import PROVIDERS
from clarion.services.access.keys import make_key
from clarion.services.access.passwords import Hasher
from clarion.services.receiving.intake import Intake
from clarion.services.secrets import SecretBox, load_or_create_key
from clarion.services.sending.providers import Providers
from clarion.services.workspaces import add_workspace
from clarion.settings import Settings, load_settings
from clarion.store.db import Database
from tests.support.stack import free_port

T = TypeVar("T")

NOWHERE = "http://127.0.0.1:9"
"""Where the providers are unless a test says otherwise: nobody listens there."""


@dataclass(slots=True)
class Answer:
    """What came back. `data` is the JSON, or the text where it is none."""

    status: int
    headers: Mapping[str, str]
    data: Any


class Told:
    """A waker that remembers what it was told."""

    def __init__(self) -> None:
        self.lanes: list[str] = []

    def wake(self, lane: str, *, after: int = 0) -> None:
        self.lanes.append(lane)


@dataclass(slots=True)
class Api:
    """What a test holds. Addresses are below /api/v1; the key may do everything in workspace 1."""

    url: str
    http: aiohttp.ClientSession
    key: str
    db: Database
    box: SecretBox
    settings: Settings
    backend: Backend
    waker: Told
    app: FastAPI
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the API's own thread do something, for a test that asks from another."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        **query: Any,
    ) -> Answer:
        """One request. `body` is sent as JSON, `raw` as it is; `key` "" sends none."""
        sent = dict(headers or {})
        used = self.key if key is None else key
        if used:
            sent.setdefault("Authorization", f"Bearer {used}")
        if body is not None:
            raw = orjson.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        target = f"{self.url}{path}" if path.startswith("/") else path
        sending = io.BytesIO(raw) if raw and len(raw) > 1_000_000 else raw
        async with self.http.request(
            method, target, data=sending, headers=sent, params=query or None, allow_redirects=False
        ) as answer:
            found = await answer.read()
            kind = answer.headers.get("Content-Type", "")
            data = orjson.loads(found) if "json" in kind and found else found.decode(errors="replace")
            return Answer(answer.status, answer.headers, data)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("POST", path, body, **more)

    async def put(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("PUT", path, body, **more)

    async def patch(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("PATCH", path, body, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        return await self.ask("DELETE", path, **more)

    async def made(self, path: str, body: Any = None, **more: Any) -> Any:
        """POST something that must be made; its JSON."""
        answer = await self.post(path, body, **more)
        assert answer.status in (200, 201, 202), answer
        return answer.data

    async def key_with(self, *scopes: str, workspace: int = 1) -> str:
        """A key with these scopes only."""
        made = await make_key(self.db, workspace=workspace, name="t", scopes=scopes)
        return made.secret

    async def other_workspace(self, name: str = "other") -> tuple[int, str]:
        """Another workspace's id, and a key that may do everything there."""
        ident = await add_workspace(self.db, name)
        return ident, await self.key_with(*Permission, workspace=ident)


def cheap_hasher() -> Hasher:
    """Argon2id that costs next to nothing."""
    return Hasher(passes=1, memory=64, lanes=1)


@asynccontextmanager
async def api(
    database_url: str, folder: Path, *, scopes: Iterable[str] = tuple(Permission), **values: Any
) -> AsyncIterator[Api]:
    """The API on a free port. `values` are settings; the rate of requests is not limited unless they say so."""
    port = free_port()
    given: dict[str, Any] = {
        "data_dir": folder,
        "database_url": database_url,
        "http": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        "api": {"rate": 0},
        "whatsapp": {"base_url": NOWHERE},
        "twilio": dict.fromkeys(("base_url", "content_url", "messaging_url"), NOWHERE),
    }
    settings = load_settings(None, **{**given, **values})
    async with bootstrap.open_database(settings) as db, bootstrap.open_transport(settings) as transport:
        box = SecretBox.from_setting(load_or_create_key(folder / bootstrap.KEY_FILE))
        providers = Providers(
            db, box, lambda name, account: bootstrap.build_provider(settings, name, account, transport)
        )
        waker = Told()

        async def ready() -> dict[str, str]:
            return {}

        backend = Backend(
            db=db,
            waker=waker,
            box=box,
            providers=providers,
            client=bootstrap.build_client(settings),
            access=replace(bootstrap.build_access(settings, db, box), hasher=cheap_hasher()),
            trusted_proxies=networks(settings.http.trusted_proxies),
            public_url=bootstrap.public_url(settings),
            data_dir=folder,
            ready=ready,
            limits=Limits(
                rate=settings.api.rate,
                burst=settings.api.burst,
                body=settings.api.max_body,
                upload=settings.imports.max_bytes,
                streams=settings.api.streams,
                streams_of_caller=settings.api.streams_per_caller,
            ),
        )
        app = create_app(backend, intake=Intake(db, box, waker, PROVIDERS), providers=list(PROVIDERS))
        web = uvicorn.Server(
            uvicorn.Config(app, port=port, log_config=None, ws="none", lifespan="off", proxy_headers=False)
        )
        task = asyncio.create_task(web._serve())
        while not web.started:
            await asyncio.sleep(0.005)
        made = await make_key(db, workspace=1, name="test", scopes=scopes)
        async with aiohttp.ClientSession() as http:
            try:
                yield Api(
                    f"http://127.0.0.1:{port}/api/v1",
                    http,
                    made.secret,
                    db,
                    box,
                    settings,
                    backend,
                    waker,
                    app,
                )
            finally:
                app.state.live.close()
                web.should_exit = True
                await task
