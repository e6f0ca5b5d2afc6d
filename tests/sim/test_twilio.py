"""The Twilio side: what is accepted, what is refused and how, and the rest of the API."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.sim.talk import ACCOUNT, FROM, SERVICE, WHATSAPP_FROM, Hook, basic, person, talking, until

DATA = Path(__file__).parents[1] / "data" / "providers"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
TO = person(1)


def sample(name: str) -> dict[str, Any]:
    """A recorded answer."""
    return dict(json.loads((DATA / name).read_text("utf-8")))


def content(number: int) -> str:
    """The SID of a sample content."""
    return f"HX{number:032x}"


async def test_a_message_from_a_number_is_queued_as_the_sample_shows() -> None:
    async with talking() as talk:
        reply = await talk.twilio(To=TO, From=FROM, Body="Hi Ana")
        assert reply.status == 201
        body = reply.json
        assert body.keys() == sample("tw-send-queued.response.json").keys()
        assert (body["status"], body["from"], body["num_segments"], body["date_sent"]) == (
            "queued",
            FROM,
            "1",
            None,
        )
        assert len(body["sid"]) == 34


async def test_a_message_from_a_service_is_accepted_without_a_sender() -> None:
    async with talking() as talk:
        body = (await talk.twilio(To=TO, MessagingServiceSid=SERVICE, Body="Olá 😀")).json
        shape = sample("tw-send-accepted-service.response.json")
        for name in ("status", "from", "num_segments", "num_media", "direction"):
            assert body[name] == shape[name]
        assert body["messaging_service_sid"] == SERVICE


@pytest.mark.parametrize(
    "name", ["tw-send-sms.request.txt", "tw-send-sms-service.request.txt", "tw-send-mms.request.txt"]
)
async def test_recorded_sends_are_accepted(name: str) -> None:
    service = "MG111111111111111111111111aa11bb22"
    settings = {
        "senders": [{"address": "+12025550111"}],
        "services": [{"sid": service, "senders": ["+12025550111"]}],
    }
    async with talking(twilio=settings) as talk:
        raw = (DATA / name).read_text("ascii")
        reply = await talk.twilio_api("POST", MESSAGES, data=parse_qsl(raw))
        assert reply.status == 201, reply.raw
        assert reply.json["sid"][:2] == ("MM" if "mms" in name else "SM")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"To": ""}, 400, 21604, id="no To"),
        pytest.param({"From": ""}, 400, 21603, id="no From"),
        pytest.param({"Body": ""}, 400, 21602, id="no body"),
        pytest.param({"Body": "x" * 1601}, 400, 21617, id="long body"),
        pytest.param({"To": "+1"}, 400, 21211, id="bad To"),
        pytest.param({"From": "+12025550199"}, 400, 21659, id="unknown From"),
        pytest.param({"From": "whatsapp:+12025550199"}, 400, 63007, id="unknown WhatsApp From"),
        pytest.param({"From": "", "MessagingServiceSid": "MG" + "9" * 32}, 404, 21701, id="unknown service"),
        pytest.param({"From": "+15005550001"}, 400, 21212, id="magic From"),
        pytest.param({"From": "+15005550007"}, 400, 21606, id="magic From, no SMS"),
        pytest.param({"From": "+15005550008"}, 400, 21611, id="magic From, queue full"),
        pytest.param({"To": "+15005550001"}, 400, 21211, id="magic To"),
        pytest.param({"To": "+15005550002"}, 400, 21612, id="magic To, no route"),
        pytest.param({"To": "+15005550003"}, 400, 21408, id="magic To, region"),
        pytest.param({"To": "+15005550004"}, 400, 21610, id="magic To, stopped"),
        pytest.param({"To": "+15005550009"}, 400, 21614, id="magic To, landline"),
        pytest.param({"ContentSid": content(99)}, 400, 21655, id="unknown content"),
        pytest.param({"ContentSid": content(1), "ContentVariables": "{"}, 400, 21656, id="variables"),
        pytest.param(
            {"ContentSid": content(1), "ContentVariables": '{"1":""}'}, 400, 21656, id="empty variable"
        ),
        pytest.param({"ContentVariables": "{}"}, 400, 21654, id="variables without content"),
        pytest.param({"MediaUrl": "map.png"}, 400, 21620, id="bad media"),
        pytest.param({"StatusCallback": "hooks"}, 400, 21609, id="bad callback"),
        pytest.param({"ValidityPeriod": "36001"}, 400, 21624, id="validity"),
        pytest.param({"ScheduleType": "fixed"}, 400, 35118, id="schedule without service"),
    ],
)
async def test_a_message_that_is_wrong_is_refused_with_its_code(
    change: dict[str, str], status: int, code: int
) -> None:
    async with talking() as talk:
        reply = await talk.twilio(**{"To": TO, "From": FROM, "Body": "Hi", **change})
        assert (reply.status, reply.code) == (status, code), reply.raw
        assert reply.json["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
        assert reply.json["status"] == status
        (row,) = await talk.ledger()
        assert (row["outcome"] in ("refused", "throttled"), row["code"]) == (True, code)


async def test_error_bodies_equal_the_samples() -> None:
    async with talking() as talk:
        missing = await talk.twilio(From=FROM, Body="Hi")
        assert missing.json == sample("tw-error-21604.response.json")
        wrong = await talk.twilio(login=basic("wrong"), To=TO, From=FROM, Body="Hi")
        assert (wrong.status, wrong.json) == (401, sample("tw-error-20003.response.json"))
        other = f"/2010-04-01/Accounts/AC{'9' * 32}/Messages.json"
        assert (await talk.twilio_api("POST", other, data={"To": TO})).code == 20404
        assert (await talk.twilio_api("GET", "/2010-04-01/Nothing.json")).code == 20404


async def test_a_message_can_be_fetched_redacted_and_deleted() -> None:
    async with talking() as talk:
        sent = (await talk.twilio(To=TO, From=FROM, Body="Hi Ana")).json
        await asyncio.sleep(0.1)
        fetched = (await talk.twilio_api("GET", sent["uri"])).json
        assert (fetched["status"], fetched["price"], fetched["price_unit"]) == (
            "delivered",
            "-0.00830",
            "USD",
        )
        assert fetched["date_sent"].endswith("+0000")
        assert (await talk.twilio_api("POST", sent["uri"], data={"Body": ""})).json["body"] == ""
        assert (await talk.twilio_api("POST", sent["uri"], data={"Status": "canceled"})).code == 30409
        assert (await talk.twilio_api("DELETE", sent["uri"])).status == 204
        assert (await talk.twilio_api("GET", sent["uri"])).code == 20404


async def test_a_scheduled_message_can_be_canceled_and_is_never_sent() -> None:
    async with talking() as talk:
        at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        form = {"To": TO, "MessagingServiceSid": SERVICE, "Body": "Hi", "ScheduleType": "fixed"}
        sent = (await talk.twilio(**form, SendAt=at)).json
        assert sent["status"] == "scheduled"
        assert (await talk.twilio_api("POST", sent["uri"], data={"Status": "canceled"})).json[
            "status"
        ] == "canceled"
        assert (await talk.twilio(**form)).code == 35111
        assert (await talk.twilio(**form, SendAt="2020-01-01T00:00:00Z")).code == 35114


async def test_the_list_filters_by_recipient_sender_and_date_and_can_be_followed() -> None:
    async with talking() as talk:
        for n in range(5):
            await talk.twilio(To=TO, From=FROM, Body=f"number {n}")
        await talk.twilio(To=person(2), From=FROM, Body="other person")
        await talk.twilio(To=TO, From="+15005550010", Body="other sender")
        await asyncio.sleep(0.1)
        today = datetime.now(UTC).date()
        path = f"{MESSAGES}?To=%2B{TO[1:]}&From=%2B{FROM[1:]}&DateSent%3E={today}&PageSize=2"
        bodies, pages, page = [], [], {}
        while path:
            page = (await talk.twilio_api("GET", path)).json
            bodies += [message["body"] for message in page["messages"]]
            pages.append((page["page"], page["start"], page["end"], page["page_size"]))
            path = page["next_page_uri"]
        assert bodies == [f"number {n}" for n in (4, 3, 2, 1, 0)]
        assert pages == [(0, 0, 1, 2), (1, 2, 3, 2), (2, 4, 4, 2)]
        assert page.keys() == sample("tw-list-page0.response.json").keys()
        tomorrow = today + timedelta(days=1)
        none = (await talk.twilio_api("GET", f"{MESSAGES}?DateSent%3E={tomorrow}")).json
        assert (none["messages"], none["next_page_uri"]) == ([], None)
        assert len((await talk.twilio_api("GET", f"{MESSAGES}?DateSent={today}")).json["messages"]) == 7
        assert (await talk.twilio_api("GET", f"{MESSAGES}?DateSent=yesterday")).status == 400


async def test_contents_come_in_pages_with_their_approvals() -> None:
    async with talking() as talk:
        sids, url, pages = [], "/v1/ContentAndApprovals?PageSize=2", 0
        states = set()
        while url:
            page = (await talk.twilio_api("GET", url)).json
            assert (
                page["contents"][0].keys()
                == sample("tw-content-and-approvals.response.json")["contents"][0].keys()
            )
            sids += [one["sid"] for one in page["contents"]]
            states |= {one["approval_requests"]["status"] for one in page["contents"]}
            url, pages = page["meta"]["next_page_url"], pages + 1
        assert (len(set(sids)), len(sids), pages) == (8, 8, 4)
        assert states == {"approved", "paused", "rejected", "unsubmitted"}
        plain = (await talk.twilio_api("GET", "/v1/Content?PageSize=1")).json
        assert plain["contents"][0].keys() == sample("tw-content-list.response.json")["contents"][0].keys()
        assert plain["meta"]["key"] == "contents"


async def test_a_content_can_be_made_submitted_and_approved() -> None:
    async with talking() as talk:
        made = await talk.twilio_api("POST", "/v1/Content", json=sample("tw-content-create.request.json"))
        assert (made.status, made.json.keys()) == (201, sample("tw-content-create.response.json").keys())
        url = made.json["links"]["approval_create"]
        asked = await talk.twilio_api("POST", url, json=sample("tw-content-approval.request.json"))
        assert (asked.status, asked.json) == (201, sample("tw-content-approval.response.json"))
        await talk.control(
            "POST", "template", {"provider": "twilio", "name": "autumn_offer", "action": "approve"}
        )
        state = (await talk.twilio_api("GET", made.json["links"]["approval_fetch"])).json
        assert state["whatsapp"]["status"] == "approved"
        assert state.keys() == sample("tw-content-approval-fetch.response.json").keys()


async def test_a_content_is_rendered_with_its_variables() -> None:
    async with talking() as talk:
        form = {"To": f"whatsapp:{TO}", "From": WHATSAPP_FROM, "ContentSid": content(1)}
        body = (await talk.twilio(**form, ContentVariables='{"1":"Bia","2":"7","3":"here"}')).json["body"]
        assert body == "Hi Bia, your order 7 is here."


async def test_whatsapp_senders_are_listed() -> None:
    async with talking() as talk:
        listed = (await talk.twilio_api("GET", "/v2/Channels/Senders?Channel=whatsapp")).json
        assert [(one["sender_id"], one["status"]) for one in listed["senders"]] == [(WHATSAPP_FROM, "ONLINE")]
        assert (await talk.twilio_api("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json")).json[
            "status"
        ] == "active"
        assert (await talk.twilio_api("GET", f"/v1/Services/{SERVICE}")).json["sid"] == SERVICE


async def test_more_requests_at_once_than_allowed_are_refused_with_20429() -> None:
    async with talking(twilio={"concurrency": 5}, latency={"kind": "fixed", "fixed_ms": 200}) as talk:
        replies = await asyncio.gather(*(talk.twilio(To=person(n), From=FROM, Body="Hi") for n in range(12)))
        refused = [reply for reply in replies if reply.status == 429]
        assert len(refused) == 7
        assert refused[0].json == sample("tw-error-20429.response.json")
        assert int(refused[0].headers["Twilio-Concurrent-Requests"]) > 5
        assert (await talk.twilio(To=TO, From=FROM, Body="Hi")).status == 201


async def test_exactly_the_rate_passes_in_any_second() -> None:
    async with talking(twilio={"rate": 30}) as talk:
        replies = await asyncio.gather(*(talk.twilio(To=person(n), From=FROM, Body="Hi") for n in range(50)))
        assert [reply.status for reply in replies].count(201) == 30
        assert (await talk.total())["rate_max_1s"] == 30


async def test_a_full_queue_refuses_a_number_and_fails_a_service_later() -> None:
    async with talking(twilio={"queue": {"rate": 0.1, "capacity": 2}}) as talk:
        replies = [await talk.twilio(To=person(n), From=FROM, Body="Hi") for n in range(3)]
        assert [reply.status for reply in replies] == [201, 201, 400]
        assert replies[2].code == 21611
        later = [await talk.twilio(To=person(n), MessagingServiceSid=SERVICE, Body="Hi") for n in range(20)]
        last = later[-1]
        await asyncio.sleep(0.1)
        assert last.status == 201
        assert (await talk.twilio_api("GET", last.json["uri"])).json["error_code"] == 30001


async def test_who_said_stop_is_refused_until_they_say_start() -> None:
    async with talking() as talk:
        for word, status in (("Stop", 400), ("START", 201)):
            await talk.control(
                "POST", "inbound", {"provider": "twilio", "from": TO, "to": FROM, "text": word}
            )
            reply = await talk.twilio(To=TO, From=FROM, Body="Hi")
            assert reply.status == status
        assert (await talk.twilio(To=person(2), From=FROM, Body="Hi")).status == 201


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": WHATSAPP_FROM, "Body": "Hello"}, 63016),
        ({"From": WHATSAPP_FROM, "ContentSid": content(4)}, 63041),
        ({"From": WHATSAPP_FROM, "ContentSid": content(5)}, 63040),
        ({"From": WHATSAPP_FROM, "ContentSid": content(6)}, 63016),
        ({"From": FROM, "Body": "Hello"}, 63008),
    ],
)
async def test_whatsapp_rules_are_reported_after_acceptance(form: dict[str, str], code: int) -> None:
    async with Hook() as hook, talking() as talk:
        reply = await talk.twilio(To=f"whatsapp:{TO}", StatusCallback=hook.url, **form)
        assert reply.status == 201
        await until(lambda: hook.posts)
        assert hook.posts[-1].form["MessageStatus"] == "failed"
        assert hook.posts[-1].form["ErrorCode"] == str(code)
