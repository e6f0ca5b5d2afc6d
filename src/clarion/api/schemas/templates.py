"""Templates: content that a provider has approved, or is asked to."""

from typing import Annotated

from pydantic import Field

from clarion.api.fields import Body, ContactId, SenderId, Shown, TemplateId, Time, text
from clarion.domain.definition import ButtonKind, Category, HeaderMedia

Words = Annotated[str, text(200)]
Address = Annotated[str, text(2_000)]
Variable = Annotated[str, text(200, least=1, examples=["body.1"])]


class ButtonDefinition(Body):
    """A button below the text."""

    kind: ButtonKind
    """`quick_reply` answers, `url` opens a page, `phone` calls, `copy_code` copies a coupon; `other` is shown only."""
    text: Words = ""
    url: Address = Field(default="", examples=["https://shop.example/{{1}}"])
    """Where it leads; may end in one variable."""
    phone: Words = ""
    id: Words = ""
    """What comes back when a quick reply is pressed, where the provider lets us choose."""
    example: Address = ""
    """For the reviewer: a whole address, or a coupon."""


class TemplateContent(Body):
    """A template's parts, the same for every provider. Variables are written `{{1}}` or `{{first_name}}`."""

    body: Annotated[str, text(4_096, least=1, examples=["Hi {{1}}, your order {{2}} is on its way."])]
    header: Words = ""
    header_media: HeaderMedia | None = None
    """What each message brings in its header, instead of a text."""
    header_example: Address = ""
    """A file for the reviewer: a handle (WhatsApp) or a public address (Twilio)."""
    footer: Words = ""
    buttons: list[ButtonDefinition] = Field(default_factory=list, max_length=10)
    examples: dict[Variable, Annotated[str, text(1_000, least=1)]] = Field(
        default_factory=dict, max_length=200, examples=[{"body.1": "Ana", "body.2": "1042"}]
    )
    """For the reviewer: what may stand in each variable."""


class NewTemplate(Body):
    """A template to submit for approval."""

    sender_id: SenderId
    """A sender of the account that it is for."""
    name: Annotated[str, text(512, least=1, examples=["order_update"])]
    language: Annotated[
        str, Field(pattern=r"^[a-z]{2,3}(_[A-Za-z]{2,4})?$", max_length=8, examples=["en_US"])
    ]
    category: Category
    content: TemplateContent


class TemplateChange(Body):
    """A template's new definition."""

    content: TemplateContent
    category: Category | None = None
    """null: as it is."""


class Template(Shown):
    """A template as its provider listed it last."""

    id: TemplateId
    provider: str
    account: str
    """What it belongs to: every sender of this account can use it."""
    provider_id: str
    """What the provider knows it by; on Twilio, what campaigns name."""
    name: str
    language: str
    category: str
    status: str = Field(examples=["APPROVED"])
    """The provider's word. Only APPROVED ones are sent."""
    named: bool
    """Whether its variables have names instead of numbers."""
    variables: list[str] = Field(examples=[["body.1", "button.0"]])
    """What each message gives a value for."""
    text: str
    header_media: str
    """image, video, document or location when each message brings one; else empty."""
    synced_at: Time


class ShownButton(Shown):
    """A button of a template."""

    kind: ButtonKind
    text: str
    url: str
    phone: str
    id: str
    example: str


class ShownContent(Shown):
    """A template's parts, in the form in which one is submitted."""

    body: str
    header: str
    header_media: str
    header_example: str
    footer: str
    buttons: list[ShownButton]
    examples: dict[str, str]


class TemplateDetail(Template):
    """A template with its parts."""

    content: ShownContent


class SyncResult(Shown):
    """What is different from the last time. Names with their language."""

    total: int
    added: list[str] = Field(examples=[["order_update:en_US"]])
    changed: list[str]
    removed: list[str]


class PreviewOf(Body):
    """Whom to show a template to, and what stands in its variables."""

    contact_id: ContactId | None = None
    """Whose attributes the texts may use; a variable with a name takes the attribute of that name by itself."""
    variables: dict[Variable, Annotated[str, text(4_000)]] = Field(
        default_factory=dict, max_length=200, examples=[{"body.1": "{{ name }}", "body.2": "1042"}]
    )
    """Texts by variable. With a contact they may hold `{{ attribute }}`."""


class PreviewButton(Shown):
    """A button as it is shown."""

    kind: str
    text: str
    target: str
    """Where it leads: an address, a number, a coupon."""


class TemplatePreview(Shown):
    """A template as the person will see it."""

    header: str
    header_media: str
    text: str
    footer: str
    buttons: list[PreviewButton]
    blank: list[str]
    """Variables with nothing in them. They are shown as they are written, and a campaign leaves such people out."""
