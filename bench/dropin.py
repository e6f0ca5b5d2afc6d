"""The five addresses of the earlier platform, driven by a script: how soon 10,000 messages are answered, and sent once.

python -m bench.dropin sqlite
"""

import asyncio
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bench.lab import NUMBER, Lab, database, lab
from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.secrets import SecretBox, load_or_create_key
from clarion.services.senders import add_sender
from clarion.store.db import Database

MESSAGES = 10_000
CALLS = 10


def measure(kind: str, *, calls: int = CALLS, messages: int = MESSAGES) -> dict[str, Any]:
    """Milliseconds until `calls` requests were answered, and what the simulator's ledger says of the last one."""
    with database(kind) as url:
        return asyncio.run(_measure(url, calls, messages))


async def _measure(url: str, calls: int, count: int) -> dict[str, Any]:
    async with lab(
        url, sim={"receipts": {"missing": 1.0}, "whatsapp": {"rate": None}}, CLARION_API__RATE="0"
    ) as held:
        db = await Database.open(url, pool=2)
        try:
            await _sender(db, held.folder)
            secret = (await make_key(db, workspace=1, name="bench", scopes=list(Permission))).secret
        finally:
            await db.close()
        headers = {"Authorization": f"Bearer {secret}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            script = _Script(held, http)
            await script.upload(count)
            await script.send(1, first=90_000_000)  # what is compiled once is not what is measured
            took, ident = list[float](), ""
            for call in range(calls):
                ident, seconds = await script.send(count, first=call * count)
                took.append(seconds * 1_000)
                if call < calls - 1:
                    await script.end(ident)
            began = time.monotonic()
            while (await script.ask("GET", f"/{ident}"))["campaign"]["status"] != "completed":
                await asyncio.sleep(0.1)
            sent_s = time.monotonic() - began
            assert (await script.ask("GET", "/history"))["campaigns"][0]["campaignId"] == ident
            accepted = script.accepted(first=(calls - 1) * count, count=count)
    took.sort()
    return {
        "database": url.split(":", maxsplit=1)[0],
        "messages": count,
        "p50_ms": round(took[len(took) // 2], 1),
        "max_ms": round(took[-1], 1),
        "sent_s": round(sent_s, 1),
        "sent": len(accepted),
        "doubled": sum(n - 1 for n in accepted.values()),
    }


async def _sender(db: Database, folder: Path) -> None:
    await add_sender(
        db,
        SecretBox.from_setting(load_or_create_key(folder / "secret.key")),
        workspace=1,
        name="wa",
        provider="whatsapp",
        account=NUMBER,
        config={"waba_id": "200000000000001"},
        secrets={"token": "sim-token", "app_secret": "sim-app-secret", "verify_token": "sim-verify"},
        rate=0,
    )


class _Script:
    def __init__(self, held: Lab, http: aiohttp.ClientSession) -> None:
        hook = held.ask("config")["whatsapp"]["webhook_url"]
        self._held, self._http = held, http
        self._base = hook.removesuffix("/webhooks/whatsapp") + "/api/campaign"

    async def ask(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        async with self._http.request(method, self._base + path, data=data, headers=headers) as answer:
            found = await answer.json(content_type=None)
            assert answer.status == 200, found
            assert found["success"] is True
            return found

    async def send(self, count: int, *, first: int) -> tuple[str, float]:
        """The campaign's id, and seconds until the answer was there."""
        messages = [
            {"to": f"+447{n:09}", "body": f"Order {n} is on its way to you.", "channel": "whatsapp"}
            for n in range(first, first + count)
        ]
        body = orjson.dumps({"messages": messages})
        began = time.perf_counter()
        made = await self.ask("POST", "/send", body, **{"Content-Type": "application/json"})
        took = time.perf_counter() - began
        assert made["total"] == count
        return str(made["campaignId"]), took

    async def end(self, ident: str) -> None:
        """Stop it, and wait until nothing of it is on its way: the next one is to be measured alone."""
        await self.ask("DELETE", f"/{ident}")
        quiet = 0
        while quiet < 5:
            seen = self._held.ask("stats")["total"]["requests"]
            await asyncio.sleep(0.1)
            quiet = quiet + 1 if self._held.ask("stats")["total"]["requests"] == seen else 0

    async def upload(self, count: int) -> None:
        """A file of as many people."""
        form = aiohttp.FormData()
        lines = "".join(f"+447{n:09},Ann\n" for n in range(count))
        form.add_field("file", f"phone,name\n{lines}".encode(), filename="people.csv")
        assert (await self.ask("POST", "/upload", form))["rows"] == count

    def accepted(self, *, first: int, count: int) -> Counter[str]:
        """How often the simulator accepted a message to each of these people."""
        with urllib.request.urlopen(f"{self._held.sim}/_sim/ledger", timeout=60) as lines:
            rows = [orjson.loads(line) for line in lines]
        wanted = {f"447{n:09}" for n in range(first, first + count)}
        found = Counter(row["recipient"].lstrip("+") for row in rows if row["outcome"] == "accepted")
        return Counter({to: n for to, n in found.items() if to in wanted})


if __name__ == "__main__":
    print(measure(sys.argv[1] if len(sys.argv) > 1 else "sqlite"))
