"""Adding a sender: what each provider asks for, and clear words when something is missing."""

from collections.abc import AsyncIterator

import pytest

from clarion.domain.errors import BadSender, NotFound
from clarion.providers import registry
from clarion.providers.transport import Transport
from clarion.providers.twilio.client import Twilio
from clarion.providers.whatsapp.client import WhatsApp
from tests.contract import samples

WHATSAPP = {"phone_number_id": samples.NUMBER_ID, "token": "EAAG"}
TWILIO = {"account_sid": samples.ACCOUNT_SID, "auth_token": "t", "from": "+12025550111"}


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as made:
        yield made


def test_fields_go_where_they_belong() -> None:
    account = registry.kind_of("whatsapp").account({**WHATSAPP, "waba_id": " 1 ", "app_secret": ""})
    assert (account.account, account.config) == (samples.NUMBER_ID, {"waba_id": "1"})
    assert account.secrets == {"token": "EAAG"}


@pytest.mark.parametrize(
    ("provider", "given", "says"),
    [
        ("whatsapp", {}, "phone_number_id is missing"),
        ("whatsapp", {}, "token is missing"),
        ("whatsapp", {**WHATSAPP, "token": "a\nb"}, "line break"),
        ("whatsapp", {**WHATSAPP, "phone": "1"}, "phone is not a field of WhatsApp"),
        ("twilio", {**TWILIO, "account_sid": "SK1"}, "AC and 32 hex digits"),
        ("twilio", {**TWILIO, "from": ""}, "messaging_service"),
        ("twilio", {**TWILIO, "messaging_service": "MG1"}, "MG and 32 hex digits"),
        ("twilio", {**TWILIO, "from": "whatsapp:+1202"}, "channel"),
        ("twilio", {**TWILIO, "channel": "fax"}, "sms, whatsapp"),
        ("twilio", {**TWILIO, "api_key": "SK1"}, "belong together"),
        ("twilio", {**TWILIO, "validity_period": "0"}, "36000 seconds"),
        ("twilio", {**TWILIO, "validity_period": "٧"}, "36000 seconds"),
        ("twilio", {**TWILIO, "validity_period": "99999999999"}, "36000 seconds"),
    ],
)
def test_a_sender_that_cannot_work_is_refused_in_words(
    provider: str, given: dict[str, str], says: str
) -> None:
    with pytest.raises(BadSender) as refused:
        registry.kind_of(provider).account(given)
    assert says in str(refused.value)


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(BadSender) as refused:
        registry.kind_of("twilio").account({})
    assert len(refused.value.problems) == 2


def test_secrets_that_sign_webhooks_are_found_for_rotation() -> None:
    whatsapp, twilio = registry.kind_of("whatsapp"), registry.kind_of("twilio")
    assert whatsapp.signing_secrets({"app_secret": "a", "app_secret_next": "b", "token": "c"}) == ["a", "b"]
    assert twilio.signing_secrets({"auth_token": "a", "webhook_key": "b", "api_secret": "c"}) == ["a", "b"]


async def test_a_provider_is_built_by_name(transport: Transport) -> None:
    whatsapp = registry.kind_of("whatsapp").account(WHATSAPP)
    assert isinstance(
        registry.build("whatsapp", whatsapp, transport, public_url="https://a.example"), WhatsApp
    )
    twilio = registry.kind_of("twilio").account(TWILIO)
    assert isinstance(registry.build("twilio", twilio, transport, public_url="https://a.example"), Twilio)


async def test_a_wrong_name_or_setting_is_named(transport: Transport) -> None:
    account = registry.kind_of("whatsapp").account(WHATSAPP)
    with pytest.raises(NotFound, match="telegraph"):
        registry.build("telegraph", account, transport, public_url="https://a.example")
    with pytest.raises(BadSender, match="colour is not a setting"):
        registry.build(
            "whatsapp", account, transport, settings={"colour": "blue"}, public_url="https://a.example"
        )


@pytest.mark.parametrize("name", registry.PROVIDERS)
def test_every_field_and_setting_is_explained(name: str) -> None:
    kind = registry.PROVIDERS[name]
    assert kind.name == name
    assert all(field.help for field in kind.fields)
    assert all(setting.help for setting in kind.settings)
    assert sum(field.place == "account" for field in kind.fields) == 1
    names = [field.name for field in kind.fields]
    assert len(set(names)) == len(names)
