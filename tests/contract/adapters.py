"""What the tests of sending and of administration share: a provider against a local server."""

from clarion.domain.content import Text
from clarion.providers.base import Outgoing, Provider, SenderAccount
from clarion.providers.registry import build
from clarion.providers.transport import MICROS, Timeouts, Transport
from tests.contract import samples
from tests.contract.servers import answer

QUICK = Timeouts(connect=MICROS // 4, read=MICROS // 2, total=MICROS)
MESSAGE = Outgoing("+447700900123", Text("Hi Ana"), "0123456789abcdef0123456789abcdef")
NOBODY = "http://127.0.0.1:9"

WHATSAPP = SenderAccount(samples.NUMBER_ID, {"waba_id": "100200300400500"}, {"token": "EAAG-example"})
TWILIO = SenderAccount(samples.ACCOUNT_SID, {"from": "+12025550111"}, {"auth_token": "token"})
ACCOUNTS = {"whatsapp": WHATSAPP, "twilio": TWILIO}
TAKEN = {
    "whatsapp": answer(200, samples.raw("wa-send.response.json")),
    "twilio": answer(201, samples.raw("tw-send-queued.response.json")),
}
MESSAGES = f"/2010-04-01/Accounts/{samples.ACCOUNT_SID}/Messages.json"
TEMPLATES = "/v26.0/100200300400500/message_templates"


def provider_at(url: str, name: str, transport: Transport, account: SenderAccount | None = None) -> Provider:
    """The named provider with `url` in place of the real one."""
    settings = {"whatsapp": {"url": url}, "twilio": {"url": url, "content_url": url}}[name]
    held = account or ACCOUNTS[name]
    return build(name, held, transport, settings=settings, public_url="https://hooks.example.com/")
