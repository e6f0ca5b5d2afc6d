"""Nothing a client sends makes the simulator itself fail."""

import random
from typing import Any
from urllib.parse import urlencode

import orjson

from clarion.sim.http import Answer, Request
from clarion.sim.server import Simulator
from tests.sim.talk import (
    ACCOUNT,
    FROM,
    NUMBER,
    SERVICE,
    WABA,
    basic,
    order_update,
    person,
    promo,
    quick,
    text,
)

ODD: tuple[Any, ...] = (
    None,
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    [{}],
    [[]],
    {"type": "text"},
    "é" * 2000,
    "\x00",
)
INTERACTIVE = {
    **text(person(1)),
    "type": "interactive",
    "interactive": {
        "type": "list",
        "header": {"type": "text", "text": "h"},
        "body": {"text": "b"},
        "action": {"button": "b", "sections": [{"title": "t", "rows": [{"id": "1", "title": "r"}]}]},
    },
}
BUTTONS = {
    **INTERACTIVE,
    "interactive": {
        "type": "button",
        "body": {"text": "b"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "r"}}]},
    },
}


def spoil(value: Any, luck: random.Random) -> Any:
    """The value with one part, anywhere, replaced or removed."""
    if isinstance(value, dict) and value and luck.random() < 0.85:
        key = luck.choice(list(value))
        if luck.random() < 0.2:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: spoil(value[key], luck)}
    if isinstance(value, list) and value and luck.random() < 0.85:
        i = luck.randrange(len(value))
        return [*value[:i], spoil(value[i], luck), *value[i + 1 :]]
    return luck.choice(ODD)


def request(method: str, path: str, body: bytes = b"", query: str = "", **headers: str) -> Request:
    """A parsed request."""
    given = {name.lower().encode(): value.encode() for name, value in headers.items()}
    return Request(method, path, query, given, body, 0)


async def test_spoilt_whatsapp_messages_are_answered() -> None:
    luck = random.Random(1)
    async with Simulator(quick(whatsapp={"window": "off"})) as sim:
        answered: set[int] = set()
        for _ in range(4_000):
            body = luck.choice(
                (order_update(person(1)), promo(person(1)), text(person(1)), INTERACTIVE, BUTTONS)
            )
            for _ in range(luck.randrange(1, 3)):
                body = spoil(body, luck)
            sent = request(
                "POST", f"/v25.0/{NUMBER}/messages", orjson.dumps(body), Authorization="Bearer sim-token"
            )
            answer = sim.handle(sent)
            assert isinstance(answer, Answer)
            answered.add(answer.status)
        assert answered == {200, 400, 404}


async def test_spoilt_twilio_messages_are_answered() -> None:
    luck = random.Random(2)
    form = {
        "To": person(1),
        "From": FROM,
        "Body": "Hi",
        "ContentSid": f"HX{1:032x}",
        "ContentVariables": '{"1":"a"}',
        "StatusCallback": "http://127.0.0.1:9/x?attempt=1#rc=2",
        "MediaUrl": "http://127.0.0.1:9/a.png",
        "ValidityPeriod": "10",
        "ScheduleType": "fixed",
        "SendAt": "2030-01-01T00:00:00Z",
        "MessagingServiceSid": SERVICE,
    }
    odd = (
        "",
        "x",
        "[]",
        "{}",
        "null",
        "é",
        "http://[",
        "//",
        "-1",
        "whatsapp:",
        "+",
        "2026-13-01",
        "http://a:b/",
    )
    async with Simulator(quick()) as sim:
        for _ in range(3_000):
            chosen = {name: value for name, value in form.items() if luck.random() < 0.7}
            for name in luck.sample(sorted(form), 2):
                chosen[name] = luck.choice(odd)
            sent = request(
                "POST",
                f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
                urlencode(chosen).encode(),
                **basic("sim-auth-token"),
            )
            answer = sim.handle(sent)
            assert isinstance(answer, Answer)
            assert answer.status < 500


async def test_odd_requests_elsewhere_are_answered() -> None:
    luck = random.Random(3)
    paths = [
        f"/v25.0/{WABA}/message_templates",
        f"/v25.0/{WABA}/phone_numbers",
        f"/v25.0/{NUMBER}",
        f"/v25.0/{NUMBER}/media",
        "/v25.0",
        "/v25.0/",
        "/whatsapp_business/attachments/",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1.json",
        "/2010-04-01",
        "/2010-04-01/Accounts",
        "/v1/Content",
        "/v1/ContentAndApprovals",
        f"/v1/Content/HX{1:032x}/ApprovalRequests/whatsapp",
        "/_sim/inbound",
        "/_sim/token",
        "/_sim/template",
        "/_sim/throttle",
        "/_sim/config",
        "/_sim/ledger",
        "/",
    ]
    queries = ["", "limit=x&after=!!", "limit=0", "after=ZDZD&before=%00", "PageSize=x", "Page=-1&PageSize=0"]
    queries += ["DateSent=x", "DateSent%3E=2026-02-30", "fields=,,x", "mid=1&ext=x", "after=-1"]
    bodies = [b"", b"{", b"null", b"[]", b"{}", b'{"name":1}', b'{"from":1,"to":{}}', b"--x\r\n", b"\xff\xfe"]
    logins = ["Bearer sim-token", basic("sim-auth-token")["Authorization"]]
    async with Simulator(quick()) as sim:
        for _ in range(5_000):
            sent = request(
                luck.choice(("GET", "POST", "PUT", "PATCH", "DELETE")),
                luck.choice(paths),
                luck.choice(bodies),
                luck.choice(queries),
                Authorization=luck.choice(logins),
                **{"Content-Type": "multipart/form-data; boundary=x"},
            )
            answer = sim.handle(sent)
            if isinstance(answer, Answer):
                assert answer.status < 500
                assert b"".join(answer.stream or ()) is not None
