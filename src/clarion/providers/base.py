"""The one protocol every provider speaks, and the values that cross it.

A provider is a folder with the same four files: payload.py (pure: content to request body), client.py (HTTP),
webhook.py (pure: signature, split, translate) and codes.json (what each error code means for us), and one
line in registry.py.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from clarion.domain.content import Content
from clarion.domain.definition import Definition
from clarion.domain.message import Status
from clarion.domain.sending import Fault, Outcome


@dataclass(frozen=True, slots=True)
class SenderAccount:
    """One sender as its provider knows it.

    `account` is what webhooks name: the phone number id (WhatsApp) or the account SID (Twilio). `config`
    holds the rest that is not secret (`waba_id`, `from`, `messaging_service`, `channel`), `secrets` the
    decrypted credentials (`token`, `app_secret`, `auth_token`, ...). Each provider's ProviderKind names its
    fields and makes a SenderAccount of them.
    """

    account: str
    config: Mapping[str, str]
    secrets: Mapping[str, str]

    def __repr__(self) -> str:  # a traceback must not carry credentials
        return f"SenderAccount({self.account!r})"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for one person, rendered. `to` is E.164 with "+"; `echo` travels to the provider and back.

    `user_id` is the provider's own id of a person whose number is hidden, used only when `to` is "".
    `quoted` is the provider id of a message of theirs that this one answers, shown as a quote where possible.
    """

    to: str
    content: Content
    echo: str
    user_id: str = ""
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A webhook as it arrived: header names in lower case, the query string as sent, the raw body bytes.

    `url` is the configured public URL of this path with that query, never taken from the request's Host.
    """

    method: str
    url: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event cut out of a webhook, kept as it came. `key` is unique per event, so a repeat is a no-op.

    `account` is what the event names (phone number id, account SID); `kind` is status, reply, template,
    account, preference or other; `body` is JSON text without NUL characters.
    """

    account: str
    kind: str
    key: str
    body: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's word on one message.

    `provider_id` its id there; `echo` what we sent along ("" when it did not come back); `at` its own time in
    microseconds, or 0 when it states none; `fault` for FAILED. `status` is one of domain.message.HEARD.
    """

    provider_id: str
    echo: str
    status: Status
    at: int = 0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's message to us. `address` is E.164 ("" when hidden behind a user id), `quoted` a provider id.

    `kind` is text, button, list, flow, image, video, audio, document, sticker, location, contacts, reaction,
    order, unsupported, or system: the provider writing on the person's behalf (a changed number), which
    neither opens the window nor answers anything. `at` is 0 where the provider states no time (Twilio).
    """

    provider_id: str
    address: str
    user_id: str
    to: str
    at: int
    kind: str
    text: str = ""
    payload: str = ""
    quoted: str = ""
    profile_name: str = ""
    opt_out: bool = False
    """The provider itself says this is an opt-out (Twilio OptOutType=STOP)."""
    opt_in: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preference:
    """A person stopped (or resumed) marketing messages inside the provider's app."""

    address: str
    user_id: str
    stop: bool
    at: int


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """A template's status changed at the provider. `status` is the provider's word, upper case."""

    name: str
    language: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """Something about the sender or account a person should read. `pause`: it cannot send until mended."""

    account: str
    event: str
    detail: str
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """An event we do not act on: kept raw, counted, shown with `reason`."""

    reason: str


Event = Receipt | Reply | Preference | TemplateChange | AccountNotice | Unread


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """A template as the provider lists it. `content` is the provider's own definition, unchanged."""

    provider_id: str
    name: str
    language: str
    category: str
    status: str
    named: bool
    variables: tuple[str, ...]
    """Every variable in reading order, as `header.1`, `body.1`, `body.first_name`, `button.0`."""
    text: str
    """The body as people read it, with its variables still in it."""
    content: Mapping[str, Any]
    header_media: str = ""
    """image, video, document or location when every message needs one in its header, else ""."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One row of a provider's own listing of what it sent, for settling doubts."""

    provider_id: str
    to: str
    body: str
    status: Status
    created_at: int
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What the provider says of the sender. `limit` is messages per second, 0 when it states none."""

    ok: bool
    name: str
    quality: str
    limit: int
    detail: str


class Provider(Protocol):
    """One company's API, spoken for one sender. Knows nothing of tables, pace or retries; never sleeps."""

    async def send(self, message: Outgoing) -> Outcome:
        """Try once. Unknown means no proof either way: a read timeout, a reset, a bare 5xx."""

    def templates(self) -> AsyncIterator[TemplateInfo]:
        """Every template of the account, following the provider's paging. Raises ProviderRefused."""

    async def health(self) -> Health:
        """Ask whether the sender can send. Raises ProviderRefused when the credentials are wrong."""

    async def sent_to(self, to: str, *, since: int) -> Sequence[SentMessage] | None:
        """The complete list of what this sender sent to `to` from `since` on; None if there is none."""


@runtime_checkable
class Author(Protocol):
    """What a Provider speaks as well where templates are written through its API."""

    async def create_template(
        self, wanted: Definition, *, name: str, language: str, category: str
    ) -> TemplateInfo:
        """Submit a template for approval. Raises BadContent, ProviderRefused."""

    async def change_template(self, held: TemplateInfo, wanted: Definition, *, category: str) -> TemplateInfo:
        """Submit another definition of a template. Raises BadContent, ProviderRefused."""

    async def delete_template(self, held: TemplateInfo) -> None:
        """Delete a template; one that is gone already is no error. Raises ProviderRefused."""


class Webhooks(Protocol):
    """The pure half of a provider: reading what it tells us. Each provider's webhook module is one."""

    def challenge(self, request: WebhookRequest, verify_tokens: Sequence[str]) -> str | None:
        """The body that answers a GET verification, or None to refuse it."""

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> str | None:
        """The secret that signed exactly these bytes, or None. Constant time; checked before any parsing."""

    def account_hint(self, request: WebhookRequest) -> str:
        """The account the request claims to be from, to choose secrets by before verifying; "" if none."""

    def split(self, request: WebhookRequest) -> Sequence[RawEvent]:
        """Cut a verified webhook into events with unique keys. Raises BadWebhook if it is unreadable."""

    def translate(self, event: RawEvent) -> Event:
        """What one event says. Raises BadWebhook for a broken one; its neighbours go on."""
