"""The provider that docs/howto/add-a-provider.md builds, taken from that page and run."""

import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import clarion.providers
from clarion.domain.content import Media, Text
from clarion.domain.errors import BadSender, BadWebhook
from clarion.domain.message import Status
from clarion.domain.sending import Accepted, FaultKind, NotSent, Rejected, Unknown
from clarion.providers import registry
from clarion.providers.base import Outgoing, Receipt, Reply, Unread, WebhookRequest
from clarion.providers.kind import ProviderKind
from clarion.providers.transport import MICROS, Timeouts, Transport
from tests.contract.servers import Act, Server, answer, by_path, reset, write_and_close

PAGE = Path(__file__).parent.parent.parent / "docs" / "howto" / "add-a-provider.md"
BLOCK = re.compile(r"^```\w+ (acme/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MESSAGE = Outgoing("+447700900123", Text("Hi Ana"), "a1")


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderKind]:
    """The page's provider, in the registry as if its folder lay beside the others."""
    for name, text in BLOCK.findall(PAGE.read_text("utf-8")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(clarion.providers, "__path__", [*clarion.providers.__path__, str(tmp_path)])
    kind: ProviderKind = import_module("clarion.providers.acme").ACME
    monkeypatch.setitem(registry.PROVIDERS, kind.name, kind)
    yield kind
    for module in [name for name in sys.modules if name.startswith("clarion.providers.acme")]:
        del sys.modules[module]
    del clarion.providers.acme  # type: ignore[attr-defined]  # it came from the page


def test_the_page_has_all_the_files_a_provider_needs() -> None:
    names = {name for name, _ in BLOCK.findall(PAGE.read_text("utf-8"))}
    assert names == {f"acme/{name}" for name in ("__init__.py", "payload.py", "client.py", "webhook.py")} | {
        "acme/codes.json"
    }


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (answer(202, {"id": "m1"}), Accepted("m1")),
        (answer(202, {}), Unknown),
        (answer(400, {"acme_error": {"code": 7, "message": "no such number"}}), FaultKind.RECIPIENT),
        (answer(429, {"acme_error": {"code": 9, "message": "slow"}}), FaultKind.THROTTLE_SENDER),
        (answer(500, {"acme_error": {"code": 50, "message": "oops"}}), Unknown),
        (answer(502, b"<html>"), Unknown),
        (reset, Unknown),
        (write_and_close(), Unknown),
    ],
)
async def test_it_sends_and_reads_every_answer(acme: ProviderKind, act: Act, outcome: object) -> None:
    account = acme.account({"account": "shop", "key": "k"})
    async with Transport(Timeouts(MICROS, MICROS, 2 * MICROS)) as transport, Server(act) as server:
        settings = {"url": server.url}
        provider = registry.build(
            "acme", account, transport, settings=settings, public_url="https://a.example"
        )
        got = await provider.send(MESSAGE)
    assert json.loads(server.requests[0].body) == {"to": "+447700900123", "text": "Hi Ana", "reference": "a1"}
    if isinstance(got, Rejected | NotSent):
        assert got.fault.kind is outcome
    else:
        assert got == outcome or type(got) is outcome


async def test_it_says_how_it_is_and_has_no_templates(acme: ProviderKind) -> None:
    account = acme.account({"account": "shop", "key": "k"})
    act = by_path({"/account": answer(200, {"name": "Shop"})})
    async with Transport() as transport, Server(act) as server:
        settings = {"url": server.url}
        provider = registry.build(
            "acme", account, transport, settings=settings, public_url="https://a.example"
        )
        assert (await provider.health()).name == "Shop"
        assert [template async for template in provider.templates()] == []
        assert await provider.sent_to("+1", since=0) is None
        assert isinstance(await provider.send(Outgoing("+1", Media("image", link="x"), "")), Rejected)


def test_it_asks_for_its_fields_and_knows_its_limits(acme: ProviderKind) -> None:
    with pytest.raises(BadSender, match="key is missing"):
        acme.account({"account": "shop"})
    assert [problem.field for problem in acme.problems(Text("x" * 641), {})] == ["body"]
    assert acme.problems(Text("x" * 640), {}) == []


def test_it_reads_its_webhooks(acme: ProviderKind) -> None:
    rows = [
        {"type": "status", "id": "m1", "reference": "a1", "state": "arrived", "at": 5},
        {"type": "status", "id": "m2", "reference": "a2", "state": "lost", "code": 12, "at": 5},
        {"type": "message", "id": "m3", "from": "+447700900123", "text": "Yes", "at": 5},
        {"type": "status", "reference": "a4"},
        {"type": "status", "id": "m5", "state": "asleep", "at": 5},
        {"type": "poem", "id": "m6"},
    ]
    body = json.dumps({"events": rows}).encode()
    signature = hmac.new(b"s", body, hashlib.sha256).hexdigest()
    url = "https://a.example/webhooks/acme/shop"
    request = WebhookRequest("POST", url, "", {"acme-signature": signature}, body)
    hooks = acme.webhooks
    assert hooks.account_hint(request) == "shop"
    assert hooks.verify(request, ["other", "s"]) == "s"
    assert hooks.verify(request, ["other"]) is None
    events = hooks.split(request)
    assert len({event.key for event in events}) == 6
    arrived, lost, reply, _, asleep, poem = events
    assert hooks.translate(arrived) == Receipt("m1", "a1", Status.DELIVERED, 5 * MICROS)
    failed = hooks.translate(lost)
    assert isinstance(failed, Receipt)
    assert failed.fault
    assert failed.fault.opt_out
    assert isinstance(hooks.translate(reply), Reply)
    with pytest.raises(BadWebhook):
        hooks.translate(events[3])
    assert isinstance(hooks.translate(asleep), Unread)
    assert isinstance(hooks.translate(poem), Unread)
