"""The shop's own web service, which the sample journey asks about every customer."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from clarion.cli.demo.journey.sample import tier


@dataclass(slots=True)
class Shop:
    """A running service: where it is, and how often it was asked about whom."""

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)

    async def customer(self, request: web.Request) -> web.Response:
        """`GET /customers/{phone}`."""
        phone = request.match_info["phone"]
        self.asked[phone] += 1
        return web.json_response({"phone": phone, "tier": tier(phone)})


@asynccontextmanager
async def shop() -> AsyncIterator[Shop]:
    """The service on a free port of 127.0.0.1."""
    service = Shop()
    app = web.Application()
    app.router.add_get(r"/customers/{phone:\+\d+}", service.customer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()
