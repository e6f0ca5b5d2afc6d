"""Meta's WhatsApp Cloud API."""

from collections.abc import Mapping

from clarion.domain.content import Content
from clarion.domain.errors import BadContent
from clarion.providers.base import SenderAccount
from clarion.providers.kind import Field, ProviderKind, Setting
from clarion.providers.transport import Transport
from clarion.providers.whatsapp import payload, webhook
from clarion.providers.whatsapp.client import WhatsApp
from clarion.providers.whatsapp.definitions import read_definition

DAY = 24 * 3_600 * 1_000_000
"""The customer service window in microseconds. Source: Meta's "Messaging limits and windows"."""


def _open(
    account: SenderAccount, transport: Transport, settings: Mapping[str, str], callback: str
) -> WhatsApp:
    # Meta calls the webhook address set in its dashboard, so `callback` does not travel with a message.
    return WhatsApp(account, transport, url=settings["url"], version=settings["version"])


def _problems(content: Content, config: Mapping[str, str]) -> list[BadContent]:
    return payload.problems(content)


WHATSAPP = ProviderKind(
    name="whatsapp",
    title="WhatsApp Cloud API",
    fields=(
        Field(
            "phone_number_id",
            "the id of the sending number in Meta's dashboard, not the number",
            "account",
            True,
        ),
        Field("waba_id", "the WhatsApp Business Account's id, needed to fetch templates", "config"),
        Field("token", "a system user's access token", "secret", True),
        Field("app_secret", "the Meta app's secret, which signs webhooks", "secret", signs=True),
        Field(
            "app_secret_next", "a second app secret, while the first is being replaced", "secret", signs=True
        ),
        Field("verify_token", "any word you also enter at Meta when you set the webhook's address", "secret"),
    ),
    settings=(
        Setting("url", "https://graph.facebook.com", "Where the Graph API is; a simulator may stand in."),
        Setting("version", "v26.0", "The Graph API's version."),
    ),
    webhooks=webhook,
    open=_open,
    problems=_problems,
    window=lambda config: DAY,
    definition=read_definition,
    webhook_help="Enter it at Meta under WhatsApp > Configuration > Webhook, with the word you stored as "
    "verify_token, and subscribe to messages, message_template_status_update and account_update. Without app_secret "
    "no webhook can be verified.",
)
